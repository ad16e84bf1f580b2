-- The benchmark's database: nine million rows in three tables, times `part`; six indexes, a foreign key. Every value is computed
-- from the row's number, so that all runs give the same rows in the same order.
--
--   psql --set ON_ERROR_STOP=1 --set part=1 --file database.sql ner11_db

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET max_parallel_maintenance_workers = 0;
SET maintenance_work_mem = '256MB';
SET TimeZone = 'UTC';

-- Where a table is new in its transaction, its rows need no write-ahead log.
BEGIN;

CREATE TABLE public.vendor_equipment (
    equipment_id bigint NOT NULL,
    vendor text NOT NULL,
    model text NOT NULL,
    serial_number text NOT NULL,
    list_price numeric(12, 2),
    installed_at timestamp with time zone NOT NULL,
    place text
);
CREATE TABLE public.incidents (
    incident_id bigint NOT NULL,
    equipment_id bigint NOT NULL,
    severity text NOT NULL,
    title text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    description text,
    digest text NOT NULL
);
CREATE TABLE public.readings (
    reading_id bigint NOT NULL,
    equipment_id bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    value double precision NOT NULL,
    quality smallint,
    state text NOT NULL
);

INSERT INTO public.vendor_equipment
SELECT n, (ARRAY['Acme GmbH & Co. KG', 'Nordwind A/S', 'Øresund Kraft', '山田電機', 'O''Neill Valves, Ltd.'])[1 + r % 5],
       'M' || r % 977 || '-' || upper(left(md5(n::text), 3)), left(md5('serial' || n), 20), (r % 1000000) / 100.0,
       timestamptz '2015-01-01 00:00+00' + r % 315360000 * interval '1 second',
       CASE WHEN r % 9 > 0 THEN format('hall %s, row %s, shelf %s', r % 12, r / 12 % 40, r / 480 % 9) END
  FROM (SELECT n, n * 2654435761 % 4294967296 / 3 AS r FROM generate_series(1, (1000000 * :part)::bigint::bigint) AS n) AS numbers;

INSERT INTO public.incidents
SELECT n, 1 + r % (1000000 * :part)::bigint, (ARRAY['low', 'medium', 'high', 'critical'])[1 + r % 4],
       (ARRAY['pressure lost in', 'no answer from', 'overheating of', 'unexpected restart of', 'leak at'])[1 + r / 4 % 5] || ' unit ' || r % 811,
       opened_at, CASE WHEN r % 8 > 0 THEN opened_at + r % 86400 * interval '3 seconds' END,
       CASE r % 5 WHEN 0 THEN NULL WHEN 1 THEN 'restarted; no further action' WHEN 2 THEN E'replaced the seal,\nsee order ' || r % 99991
                  ELSE 'the operator on duty was informed at once' END,
       left(md5('incident' || n), 24)
  FROM (SELECT n, r, timestamptz '2020-01-01 00:00+00' + r % 189216000 * interval '1 second' AS opened_at
          FROM (SELECT n, n * 2654435761 % 4294967296 / 3 AS r FROM generate_series(1, (3000000 * :part)::bigint) AS n) AS numbers) AS moments;

INSERT INTO public.readings
SELECT n, 1 + r % (1000000 * :part)::bigint, timestamptz '2025-01-01 00:00+00' + n * interval '3.217 seconds', r % 1000003 / 1000.0,
       CASE WHEN r % 31 > 0 THEN r % 100 END, (ARRAY['nominal', 'nominal', 'nominal', 'degraded', 'failed'])[1 + r % 5]
  FROM (SELECT n, n * 2654435761 % 4294967296 / 3 AS r FROM generate_series(1, (5000000 * :part)::bigint) AS n) AS numbers;

ALTER TABLE public.vendor_equipment ADD PRIMARY KEY (equipment_id);
ALTER TABLE public.incidents ADD PRIMARY KEY (incident_id);
ALTER TABLE public.readings ADD PRIMARY KEY (reading_id);
CREATE INDEX vendor_equipment_serial_number_idx ON public.vendor_equipment (serial_number);
CREATE INDEX incidents_equipment_idx ON public.incidents (equipment_id);
CREATE INDEX readings_equipment_idx ON public.readings (equipment_id, recorded_at);
ALTER TABLE public.incidents ADD FOREIGN KEY (equipment_id) REFERENCES public.vendor_equipment (equipment_id);

COMMIT;

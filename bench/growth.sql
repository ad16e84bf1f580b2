-- A table that grows the benchmark's data directory by 2 KiB a row, of which about a third does not compress.
--
--   psql --set ON_ERROR_STOP=1 --set rows=1300000 --file growth.sql ner11_db

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
BEGIN;
CREATE TABLE public.measurements (measurement_id bigint NOT NULL, remark text NOT NULL, samples bytea NOT NULL);
INSERT INTO public.measurements
SELECT n, repeat('measured at ' || 100 + n % 900 || ' Hz; ', 65),
       sha512(head) || sha512(head || '\x01') || sha512(head || '\x02') || sha512(head || '\x03') || sha512(head || '\x04')
       || sha512(head || '\x05') || sha512(head || '\x06') || sha512(head || '\x07') || sha512(head || '\x08')
  FROM (SELECT n, int8send(n) AS head FROM generate_series(1, (:rows)::bigint) AS n) AS numbers;
COMMIT;

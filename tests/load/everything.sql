-- A database with an object of every kind that pg_dump writes and a role that is no superuser may restore.
CREATE ROLE boss SUPERUSER;
SET SESSION AUTHORIZATION boss;
CREATE ROLE alice NOLOGIN;
CREATE ROLE "Bob the ""Builder""" NOLOGIN;
CREATE ROLE readers NOLOGIN;
ALTER SCHEMA public OWNER TO pg_database_owner;
CREATE SCHEMA app;
ALTER SCHEMA app OWNER TO alice;
CREATE SCHEMA "Odd ""schema"" name; Type: x";
GRANT CREATE ON SCHEMA public TO alice, "Bob the ""Builder""";
CREATE EXTENSION hstore WITH SCHEMA app;
COMMENT ON EXTENSION hstore IS 'with a comment';
CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'happy');
ALTER TYPE app.mood OWNER TO alice;
CREATE TYPE app.pair AS (a integer, b text);
CREATE DOMAIN app.positive AS integer CHECK (VALUE > 0);
CREATE FUNCTION app.is_even(n integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT n % 2 = 0';
CREATE FUNCTION app.speaks_of_c() RETURNS text LANGUAGE plpgsql AS $body$
BEGIN
  -- written in LANGUAGE c once; COPY t FROM PROGRAM 'x'; see lo_import(
  RETURN 'language c';
END $body$;
CREATE FUNCTION app.twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT n * 2; END;
CREATE PROCEDURE app.nothing() LANGUAGE sql AS '';
CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE OPERATOR app.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
CREATE CAST (app.mood AS integer) WITH INOUT;
CREATE COLLATION app.german (provider = icu, locale = 'de');
CREATE TEXT SEARCH CONFIGURATION app.plain (COPY = simple);
CREATE TABLE app.plants (
  plant_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE app.german NOT NULL UNIQUE,
  mood app.mood DEFAULT 'happy',
  pair app.pair,
  size app.positive,
  doubled integer GENERATED ALWAYS AS (app.twice(size)) STORED,
  tags app.hstore,
  CONSTRAINT even CHECK (app.is_even(size))
);
ALTER TABLE app.plants OWNER TO alice;
INSERT INTO app.plants (name, pair, size, tags) SELECT 'plant ' || n, ROW(n, 'x')::app.pair, n * 2, 'a=>1' FROM generate_series(1, 50) n;
CREATE TABLE public.readings (
  at timestamptz NOT NULL, plant integer NOT NULL, value double precision, note text, CONSTRAINT plant_known CHECK (plant > 0)
) PARTITION BY RANGE (at);
CREATE TABLE public.readings_2024 PARTITION OF public.readings FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE public.readings_2025 PARTITION OF public.readings FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');
INSERT INTO public.readings SELECT '2024-06-01 00:00+00'::timestamptz + n * interval '1 hour', 1 + n % 50, n / 7.0, repeat('x', n % 40) FROM generate_series(1, 9000) n;
ALTER TABLE public.readings ADD PRIMARY KEY (at, plant);
CREATE INDEX readings_plant ON public.readings (plant);
ALTER TABLE public.readings ADD CONSTRAINT readings_plants FOREIGN KEY (plant) REFERENCES app.plants;
CREATE TABLE public.reports (id serial PRIMARY KEY, at timestamptz, plant integer, FOREIGN KEY (at, plant) REFERENCES public.readings);
INSERT INTO public.reports (at, plant) SELECT at, plant FROM public.readings ORDER BY at LIMIT 100;
CREATE TABLE public.nothing_in_it ();
INSERT INTO public.nothing_in_it DEFAULT VALUES;
CREATE TABLE public.parent (id integer PRIMARY KEY, up integer REFERENCES public.parent);
CREATE TABLE public.child (more text) INHERITS (public.parent);
INSERT INTO public.parent SELECT n, nullif(n - 1, 0) FROM generate_series(1, 2000) n ORDER BY n DESC;
INSERT INTO public.child SELECT n, 1, E'tab\t newline\n backslash\\ \\. end' FROM generate_series(5000, 5010) n;
CREATE UNLOGGED TABLE public.scratch_pad (id integer);
INSERT INTO public.scratch_pad VALUES (1);
CREATE TABLE "Odd ""schema"" name; Type: x"."Tab	le; Schema: y" ("Col umn" text, "select" integer);
INSERT INTO "Odd ""schema"" name; Type: x"."Tab	le; Schema: y" VALUES ('ä€😀', 1), (NULL, 2), ('\.', 3), ('', 4);
CREATE VIEW app.happy AS SELECT * FROM app.plants WHERE mood = 'happy';
ALTER VIEW app.happy OWNER TO "Bob the ""Builder""";
CREATE VIEW app.grouped AS SELECT plant_id, name FROM app.plants GROUP BY plant_id;
CREATE MATERIALIZED VIEW public.summary AS SELECT plant, count(*) AS n FROM public.readings GROUP BY plant;
CREATE UNIQUE INDEX summary_plant ON public.summary (plant);
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.more := ''touched''; RETURN NEW; END';
CREATE TRIGGER touched BEFORE INSERT ON public.child FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.child DISABLE TRIGGER touched;
COMMENT ON TRIGGER touched ON public.child IS 'a comment; with a semicolon';
COMMENT ON INDEX public.readings_plant IS 'an index';
COMMENT ON CONSTRAINT plant_known ON public.readings IS 'a constraint';
CREATE STATISTICS public.related (dependencies) ON id, up FROM public.parent;
CREATE RULE no_delete AS ON DELETE TO public.child DO INSTEAD NOTHING;
CREATE TABLE public.clustered (id integer, name text, EXCLUDE USING btree (name WITH =));
CREATE INDEX clustered_id ON public.clustered (id) WHERE id > 0;
CREATE UNIQUE INDEX clustered_unique ON public.clustered (id, lower(name));
ALTER TABLE public.clustered ALTER COLUMN id SET NOT NULL, ALTER COLUMN name SET NOT NULL, ALTER COLUMN name SET STATISTICS 500;
CREATE UNIQUE INDEX clustered_identity ON public.clustered (id);
ALTER TABLE public.clustered REPLICA IDENTITY USING INDEX clustered_identity;
ALTER TABLE public.clustered CLUSTER ON clustered_identity;
INSERT INTO public.clustered VALUES (1, 'a'), (2, 'b');
ALTER TABLE public.clustered ADD CONSTRAINT later CHECK (id < 2) NOT VALID;
ALTER TABLE app.plants ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.plants FOR SELECT TO readers, "Bob the ""Builder""" USING (mood <> 'sad');
GRANT USAGE ON SCHEMA app TO readers;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO readers WITH GRANT OPTION;
GRANT SELECT (name), UPDATE (name) ON app.plants TO "Bob the ""Builder""";
REVOKE ALL ON FUNCTION app.twice(integer) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA app GRANT SELECT ON TABLES TO readers;
CREATE PUBLICATION published FOR TABLE public.clustered, app.plants;
ALTER PUBLICATION published OWNER TO alice;
SELECT lo_from_bytea(70001, '\x00ff5c5c0a27');
ALTER LARGE OBJECT 70001 OWNER TO alice;
COMMENT ON LARGE OBJECT 70001 IS 'large';
CREATE SEQUENCE public.counted START 5 INCREMENT BY -3 MINVALUE -1000 MAXVALUE 10;
SELECT nextval('public.counted'), nextval('public.counted');

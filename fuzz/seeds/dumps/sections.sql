--
-- PostgreSQL database dump
--

\restrict ArmAz6vaiiD6SxKToP6MIzdez3Q6Af8lviQyNHJPhXJFyOCR3UIWSMaZp9skAbo

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: s2; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA s2;


ALTER SCHEMA s2 OWNER TO postgres;

--
-- Name: coll; Type: COLLATION; Schema: public; Owner: postgres
--

CREATE COLLATION public.coll (provider = libc, locale = 'C');


ALTER COLLATION public.coll OWNER TO postgres;

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;


--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';


--
-- Name: comp; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.comp AS (
	a integer,
	b text
);


ALTER TYPE public.comp OWNER TO postgres;

--
-- Name: d1; Type: DOMAIN; Schema: public; Owner: postgres
--

CREATE DOMAIN public.d1 AS text
	CONSTRAINT d1_check CHECK ((VALUE <> 'x'::text));


ALTER DOMAIN public.d1 OWNER TO postgres;

--
-- Name: mood; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.mood AS ENUM (
    'a',
    'b'
);


ALTER TYPE public.mood OWNER TO postgres;

--
-- Name: CAST (public.comp AS text); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (public.comp AS text) WITH INOUT;


--
-- Name: atom(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.atom(a integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (a > 1) THEN 1
             ELSE 2
         END AS "case";
END;


ALTER FUNCTION public.atom(a integer) OWNER TO postgres;

--
-- Name: etf(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.etf() RETURNS event_trigger
    LANGUAGE plpgsql
    AS $$begin end$$;


ALTER FUNCTION public.etf() OWNER TO postgres;

--
-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.f(integer) RETURNS integer
    LANGUAGE sql
    AS $_$ select $1 + 1 -- ; '
$_$;


ALTER FUNCTION public.f(integer) OWNER TO postgres;

--
-- Name: f(text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.f(text) RETURNS text
    LANGUAGE plpgsql
    AS $_$ begin return '$$;'; end $_$;


ALTER FUNCTION public.f(text) OWNER TO postgres;

--
-- Name: p(); Type: PROCEDURE; Schema: public; Owner: postgres
--

CREATE PROCEDURE public.p()
    LANGUAGE plpgsql
    AS $$ begin do 'begin end'; end $$;


ALTER PROCEDURE public.p() OWNER TO postgres;

--
-- Name: trg(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.trg() RETURNS trigger
    LANGUAGE plpgsql
    AS $$begin return new; end$$;


ALTER FUNCTION public.trg() OWNER TO postgres;

--
-- Name: agg(integer); Type: AGGREGATE; Schema: public; Owner: postgres
--

CREATE AGGREGATE public.agg(integer) (
    SFUNC = int4pl,
    STYPE = integer
);


ALTER AGGREGATE public.agg(integer) OWNER TO postgres;

--
-- Name: #&#; Type: OPERATOR; Schema: public; Owner: postgres
--

CREATE OPERATOR public.#&# (
    FUNCTION = int4pl,
    LEFTARG = integer,
    RIGHTARG = integer
);


ALTER OPERATOR public.#&# (integer, integer) OWNER TO postgres;

--
-- Name: OPERATOR #&# (integer, integer); Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON OPERATOR public.#&# (integer, integer) IS 'x';


--
-- Name: #&#; Type: OPERATOR; Schema: public; Owner: postgres
--

CREATE OPERATOR public.#&# (
    FUNCTION = textcat,
    LEFTARG = text,
    RIGHTARG = text
);


ALTER OPERATOR public.#&# (text, text) OWNER TO postgres;

--
-- Name: OPERATOR #&# (text, text); Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON OPERATOR public.#&# (text, text) IS 'x';


--
-- Name: tsc; Type: TEXT SEARCH CONFIGURATION; Schema: public; Owner: postgres
--

CREATE TEXT SEARCH CONFIGURATION public.tsc (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR asciiword WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR word WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR hword_part WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR hword_asciipart WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR asciihword WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR hword WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION public.tsc
    ADD MAPPING FOR uint WITH simple;


ALTER TEXT SEARCH CONFIGURATION public.tsc OWNER TO postgres;

--
-- Name: fdw; Type: FOREIGN DATA WRAPPER; Schema: -; Owner: postgres
--

CREATE FOREIGN DATA WRAPPER fdw;


ALTER FOREIGN DATA WRAPPER fdw OWNER TO postgres;

--
-- Name: srv; Type: SERVER; Schema: -; Owner: postgres
--

CREATE SERVER srv FOREIGN DATA WRAPPER fdw;


ALTER SERVER srv OWNER TO postgres;

--
-- Name: USER MAPPING app SERVER srv; Type: USER MAPPING; Schema: -; Owner: postgres
--

CREATE USER MAPPING FOR app SERVER srv OPTIONS (
    password 'x'
);


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: Odd ";na me; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public."Odd "";na me" (
    "sel;ect" integer,
    "a""b" text
);


ALTER TABLE public."Odd "";na me" OWNER TO postgres;

--
-- Name: ft; Type: FOREIGN TABLE; Schema: public; Owner: postgres
--

CREATE FOREIGN TABLE public.ft (
    a integer
)
SERVER srv;


ALTER FOREIGN TABLE public.ft OWNER TO postgres;

--
-- Name: t; Type: TABLE; Schema: s2; Owner: app
--

CREATE TABLE s2.t (
    id integer NOT NULL,
    t_id integer,
    x double precision
);


ALTER TABLE s2.t OWNER TO app;

--
-- Name: inh; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.inh (
    extra integer
)
INHERITS (s2.t);


ALTER TABLE public.inh OWNER TO postgres;

--
-- Name: t; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.t (
    id integer NOT NULL,
    v text,
    m public.mood,
    d public.d1,
    c public.comp,
    n numeric,
    b bytea,
    ts timestamp with time zone DEFAULT now(),
    j jsonb,
    arr text[]
);

ALTER TABLE ONLY public.t REPLICA IDENTITY FULL;


ALTER TABLE public.t OWNER TO postgres;

--
-- Name: TABLE t; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.t IS 'semi; quote '' nl
-- PostgreSQL database dump complete
--';


--
-- Name: mv; Type: MATERIALIZED VIEW; Schema: public; Owner: postgres
--

CREATE MATERIALIZED VIEW public.mv AS
 SELECT count(*) AS count
   FROM public.t
  WITH NO DATA;


ALTER TABLE public.mv OWNER TO postgres;

--
-- Name: nocol; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.nocol (
);


ALTER TABLE public.nocol OWNER TO postgres;

--
-- Name: part; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.part (
    id integer,
    k text
)
PARTITION BY LIST (k);


ALTER TABLE public.part OWNER TO postgres;

--
-- Name: part_a; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.part_a (
    id integer,
    k text
);


ALTER TABLE public.part_a OWNER TO postgres;

--
-- Name: part_b; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.part_b (
    id integer,
    k text
);


ALTER TABLE public.part_b OWNER TO postgres;

--
-- Name: sq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.sq
    START WITH 1
    INCREMENT BY 5
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.sq OWNER TO postgres;

--
-- Name: t_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.t_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.t_id_seq OWNER TO postgres;

--
-- Name: t_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;


--
-- Name: ul; Type: TABLE; Schema: public; Owner: postgres
--

CREATE UNLOGGED TABLE public.ul (
    a integer
);


ALTER TABLE public.ul OWNER TO postgres;

--
-- Name: v; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.v AS
 SELECT t.id
   FROM public.t;


ALTER TABLE public.v OWNER TO postgres;

--
-- Name: va; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.va AS
 SELECT 1 AS x;


ALTER TABLE public.va OWNER TO postgres;

--
-- Name: vb; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.vb AS
 SELECT va.x
   FROM public.va;


ALTER TABLE public.vb OWNER TO postgres;

--
-- Name: t_id_seq; Type: SEQUENCE; Schema: s2; Owner: app
--

ALTER TABLE s2.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME s2.t_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: part_a; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.part ATTACH PARTITION public.part_a FOR VALUES IN ('a');


--
-- Name: part_b; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.part ATTACH PARTITION public.part_b FOR VALUES IN ('b');


--
-- Name: t id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);


--
-- Name: 4242; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('4242');


ALTER LARGE OBJECT 4242 OWNER TO postgres;

--
-- Name: LARGE OBJECT 4242; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON LARGE OBJECT 4242 IS 'lo';


--
-- Name: 4243; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('4243');


ALTER LARGE OBJECT 4243 OWNER TO postgres;

--
-- Name: TABLE t; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.t TO reader;


--
-- Name: COLUMN t.v; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(v) ON TABLE public.t TO reader;


--
-- Name: LARGE OBJECT 4242; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 4242 TO reader;


--
-- PostgreSQL database dump complete
--

\unrestrict ArmAz6vaiiD6SxKToP6MIzdez3Q6Af8lviQyNHJPhXJFyOCR3UIWSMaZp9skAbo

--
-- PostgreSQL database dump
--

\restrict gEC64Y6rOAbk1MXalmpHQrQ0W5uFq4he1TpeK6AWKXSQDWXlY7idRDtSC6mKrLT

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: Odd ";na me; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public."Odd "";na me" ("sel;ect", "a""b") FROM stdin;
1	x
\.


--
-- Data for Name: inh; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.inh (id, t_id, x, extra) FROM stdin;
\.


--
-- Data for Name: nocol; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.nocol  FROM stdin;


\.


--
-- Data for Name: part_a; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.part_a (id, k) FROM stdin;
1	a
\.


--
-- Data for Name: part_b; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.part_b (id, k) FROM stdin;
2	b
\.


--
-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.t (id, v, m, d, c, n, b, ts, j, arr) FROM stdin;
1	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 1	a	y	(1,z)	1.1	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 1, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
2	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 2	a	y	(2,z)	2.2	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 2, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
3	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 3	a	y	(3,z)	3.3	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 3, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
4	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 4	a	y	(4,z)	4.4	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 4, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
5	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 5	a	y	(5,z)	5.5	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 5, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
6	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 6	a	y	(6,z)	6.6	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 6, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
7	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 7	a	y	(7,z)	7.7	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 7, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
8	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 8	a	y	(8,z)	8.8	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 8, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
9	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 9	a	y	(9,z)	9.9	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 9, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
10	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 10	a	y	(10,z)	11.0	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 10, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
11	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 11	a	y	(11,z)	12.1	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 11, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
12	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 12	a	y	(12,z)	13.2	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 12, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
13	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 13	a	y	(13,z)	14.3	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 13, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
14	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 14	a	y	(14,z)	15.4	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 14, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
15	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 15	a	y	(15,z)	16.5	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 15, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
16	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 16	a	y	(16,z)	17.6	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 16, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
17	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 17	a	y	(17,z)	18.7	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 17, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
18	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 18	a	y	(18,z)	19.8	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 18, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
19	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 19	a	y	(19,z)	20.9	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 19, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
20	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 20	a	y	(20,z)	22.0	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 20, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
21	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 21	a	y	(21,z)	23.1	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 21, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
22	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 22	a	y	(22,z)	24.2	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 22, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
23	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 23	a	y	(23,z)	25.3	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 23, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
24	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 24	a	y	(24,z)	26.4	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 24, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
25	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 25	a	y	(25,z)	27.5	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 25, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
26	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 26	a	y	(26,z)	28.6	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 26, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
27	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 27	a	y	(27,z)	29.7	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 27, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
28	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 28	a	y	(28,z)	30.8	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 28, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
29	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 29	a	y	(29,z)	31.9	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 29, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
30	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 30	a	y	(30,z)	33.0	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 30, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
31	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 31	a	y	(31,z)	34.1	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 31, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
32	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 32	a	y	(32,z)	35.2	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 32, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
33	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 33	a	y	(33,z)	36.3	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 33, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
34	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 34	a	y	(34,z)	37.4	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 34, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
35	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 35	a	y	(35,z)	38.5	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 35, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
36	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 36	a	y	(36,z)	39.6	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 36, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
37	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 37	a	y	(37,z)	40.7	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 37, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
38	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 38	a	y	(38,z)	41.8	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 38, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
39	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 39	a	y	(39,z)	42.9	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 39, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
40	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 40	a	y	(40,z)	44.0	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 40, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
41	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 41	a	y	(41,z)	45.1	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 41, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
42	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 42	a	y	(42,z)	46.2	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 42, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
43	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 43	a	y	(43,z)	47.3	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 43, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
44	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 44	a	y	(44,z)	48.4	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 44, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
45	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 45	a	y	(45,z)	49.5	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 45, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
46	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 46	a	y	(46,z)	50.6	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 46, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
47	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 47	a	y	(47,z)	51.7	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 47, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
48	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 48	a	y	(48,z)	52.8	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 48, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
49	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 49	a	y	(49,z)	53.9	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 49, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
50	tab\t nl\n cr\r bs\\ bell vt\v \\N \\. 50	a	y	(50,z)	55.0	\\x0001ff	2026-11-30 04:58:18.996613+00	{"a": 50, "s": "q\\"\\\\"}	{x,NULL,"y\n"}
51	\N	\N	\N	\N	\N	\N	2026-11-30 04:58:18.997563+00	\N	\N
52		\N	\N	\N	\N	\N	2026-11-30 04:58:18.997563+00	\N	\N
53	\\N	\N	\N	\N	\N	\N	2026-11-30 04:58:18.997563+00	\N	\N
54	\\.	\N	\N	\N	\N	\N	2026-11-30 04:58:18.997563+00	\N	\N
55	\r\n	\N	\N	\N	\N	\N	2026-11-30 04:58:18.997563+00	\N	\N
56	日本語	\N	\N	\N	\N	\N	2026-11-30 04:58:18.997563+00	\N	\N
\.


--
-- Data for Name: ul; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.ul (a) FROM stdin;
\.


--
-- Data for Name: t; Type: TABLE DATA; Schema: s2; Owner: app
--

COPY s2.t (id, t_id, x) FROM stdin;
1	1	NaN
2	2	Infinity
3	3	1e+300
\.


--
-- Name: sq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.sq', 77, true);


--
-- Name: t_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.t_id_seq', 56, true);


--
-- Name: t_id_seq; Type: SEQUENCE SET; Schema: s2; Owner: app
--

SELECT pg_catalog.setval('s2.t_id_seq', 3, true);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('4242', 131072);
SELECT pg_catalog.lowrite(0, '\x00010203');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('4243', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- PostgreSQL database dump complete
--

\unrestrict gEC64Y6rOAbk1MXalmpHQrQ0W5uFq4he1TpeK6AWKXSQDWXlY7idRDtSC6mKrLT

--
-- PostgreSQL database dump
--

\restrict hNHKU93w1w3Rkmvcr5EhpQgXmwmEtzY8hPVP2v6RSoCzHWAnb2jiQWV3FPbMzoq

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

--
-- Name: t t_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);

ALTER TABLE public.t CLUSTER ON t_pkey;


--
-- Name: t t_pkey; Type: CONSTRAINT; Schema: s2; Owner: app
--

ALTER TABLE ONLY s2.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);


--
-- Name: i1; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX i1 ON public.t USING btree (v);


--
-- Name: i2; Type: INDEX; Schema: s2; Owner: app
--

CREATE UNIQUE INDEX i2 ON s2.t USING btree (x) WHERE (x > (0)::double precision);


--
-- Name: st; Type: STATISTICS; Schema: public; Owner: postgres
--

CREATE STATISTICS public.st ON id, v FROM public.t;


ALTER STATISTICS public.st OWNER TO postgres;

--
-- Name: t r1; Type: RULE; Schema: s2; Owner: app
--

CREATE RULE r1 AS
    ON DELETE TO s2.t DO INSTEAD ( SELECT 1 AS "?column?";
 SELECT 2 AS "?column?";
);


--
-- Name: t tg; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER tg BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.trg();


--
-- Name: t t_t_id_fkey; Type: FK CONSTRAINT; Schema: s2; Owner: app
--

ALTER TABLE ONLY s2.t
    ADD CONSTRAINT t_t_id_fkey FOREIGN KEY (t_id) REFERENCES public.t(id);


--
-- Name: t pol; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY pol ON public.t USING (true);


--
-- Name: t; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;

--
-- Name: pub; Type: PUBLICATION; Schema: -; Owner: postgres
--

CREATE PUBLICATION pub WITH (publish = 'insert, update, delete, truncate');


ALTER PUBLICATION pub OWNER TO postgres;

--
-- Name: pub t; Type: PUBLICATION TABLE; Schema: public; Owner: postgres
--

ALTER PUBLICATION pub ADD TABLE ONLY public.t;


--
-- Name: sub; Type: SUBSCRIPTION; Schema: -; Owner: postgres
--

CREATE SUBSCRIPTION sub CONNECTION 'host=none' PUBLICATION p WITH (connect = false, slot_name = 'sub');


ALTER SUBSCRIPTION sub OWNER TO postgres;

--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: s2; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA s2 GRANT SELECT ON TABLES  TO reader;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: -; Owner: app
--

ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES  TO reader;


--
-- Name: et; Type: EVENT TRIGGER; Schema: -; Owner: postgres
--

CREATE EVENT TRIGGER et ON ddl_command_end
   EXECUTE FUNCTION public.etf();


ALTER EVENT TRIGGER et OWNER TO postgres;

--
-- Name: mv; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: postgres
--

REFRESH MATERIALIZED VIEW public.mv;


--
-- PostgreSQL database dump complete
--

\unrestrict hNHKU93w1w3Rkmvcr5EhpQgXmwmEtzY8hPVP2v6RSoCzHWAnb2jiQWV3FPbMzoq


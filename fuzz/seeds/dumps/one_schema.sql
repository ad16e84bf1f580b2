--
-- PostgreSQL database dump
--

\restrict 150bihDnXi9Yp7hvwDtBrSXaIDiWajAK50XqaKB0PEol23vpPFUndA4hllvrfUC

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

SET default_tablespace = '';

SET default_table_access_method = heap;

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
-- Data for Name: t; Type: TABLE DATA; Schema: s2; Owner: app
--

COPY s2.t (id, t_id, x) FROM stdin;
1	1	NaN
2	2	Infinity
3	3	1e+300
\.


--
-- Name: t_id_seq; Type: SEQUENCE SET; Schema: s2; Owner: app
--

SELECT pg_catalog.setval('s2.t_id_seq', 3, true);


--
-- Name: t t_pkey; Type: CONSTRAINT; Schema: s2; Owner: app
--

ALTER TABLE ONLY s2.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);


--
-- Name: i2; Type: INDEX; Schema: s2; Owner: app
--

CREATE UNIQUE INDEX i2 ON s2.t USING btree (x) WHERE (x > (0)::double precision);


--
-- Name: t r1; Type: RULE; Schema: s2; Owner: app
--

CREATE RULE r1 AS
    ON DELETE TO s2.t DO INSTEAD ( SELECT 1 AS "?column?";
 SELECT 2 AS "?column?";
);


--
-- Name: t t_t_id_fkey; Type: FK CONSTRAINT; Schema: s2; Owner: app
--

ALTER TABLE ONLY s2.t
    ADD CONSTRAINT t_t_id_fkey FOREIGN KEY (t_id) REFERENCES public.t(id);


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: s2; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA s2 GRANT SELECT ON TABLES  TO reader;


--
-- PostgreSQL database dump complete
--

\unrestrict 150bihDnXi9Yp7hvwDtBrSXaIDiWajAK50XqaKB0PEol23vpPFUndA4hllvrfUC


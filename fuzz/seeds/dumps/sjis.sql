--
-- PostgreSQL database dump
--

\restrict fG9alKPO1WdkxOFv9DzhAlU5a5rW50ARDaLaOheZErzWbpbqDY4U9e46zYLStKK

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'SJIS';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.f() RETURNS text
    LANGUAGE sql
    AS $$ select 'ソ;''' $$;


ALTER FUNCTION public.f() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: w; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.w (
    w text,
    "ソ表" integer
);


ALTER TABLE public.w OWNER TO postgres;

--
-- Name: TABLE w; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.w IS 'ソ; '' \ 表';


--
-- Data for Name: w; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.w (w, "ソ表") FROM stdin;
ソ	1
表\\能	2
予\tx\n	3
\.


--
-- PostgreSQL database dump complete
--

\unrestrict fG9alKPO1WdkxOFv9DzhAlU5a5rW50ARDaLaOheZErzWbpbqDY4U9e46zYLStKK


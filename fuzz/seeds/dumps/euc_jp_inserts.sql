--
-- PostgreSQL database dump
--

\restrict b5v2ZimBpoAbAG3o42KpCZ2oAv9dUAEHlJh9FWH6raVcg8dz52onhUcscXtTLwb

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'EUC_JP';
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

INSERT INTO public.w VALUES ('ソ', 1);
INSERT INTO public.w VALUES ('表\能', 2);
INSERT INTO public.w VALUES ('予	x
', 3);


--
-- PostgreSQL database dump complete
--

\unrestrict b5v2ZimBpoAbAG3o42KpCZ2oAv9dUAEHlJh9FWH6raVcg8dz52onhUcscXtTLwb


WARN[0000] it's obsolete
--
-- PostgreSQL database dump
--

\restrict eLSmKeoyQeszAwjoZL76dlIDzREcrTcaL9bjbGmguVaeWj7QTNSJXP8VbAfxrTv

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UHC';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: w; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.w (
    w text
);


ALTER TABLE public.w OWNER TO postgres;

--
-- Data for Name: w; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.w (w) FROM stdin;
한글가각
\.


--
-- PostgreSQL database dump complete
--

\unrestrict eLSmKeoyQeszAwjoZL76dlIDzREcrTcaL9bjbGmguVaeWj7QTNSJXP8VbAfxrTv


// A small dump with everything that makes one hard to read, in the form that pg_dump 15 gives it.
#pragma once

#include <cstddef>
#include <string>

namespace knowngood {

inline const std::string sample_dump = R"SQL(--
-- PostgreSQL database dump
--

\restrict KEY123

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: tricky(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.tricky(a integer) RETURNS text
    LANGUAGE plpgsql
    AS $outer$
BEGIN
  -- a quote ' and a ; and $inner$ text
  PERFORM $inner$
\.
-- PostgreSQL database dump complete
--
$inner$;
  RETURN 'it''s; $outer';
END
$outer$;


CREATE FUNCTION public.atomic(x integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT CASE
             WHEN (x > 0) THEN 1
             ELSE 2
         END AS "case";
 SELECT (x + 1);
END;


COMMENT ON TABLE public."we;ird ""name" IS 'semi;colon, newline
-- PostgreSQL database dump complete
and \ backslash';

COMMENT ON TABLE public.t IS E'escape \' quote; '' still \\';

/* a block /* nested; */ comment; */
CREATE TABLE public.nocol (
);

--
-- Data for Name: incidents; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.incidents (id, "ti;tle", note) FROM stdin;
1	bolt	\N
2	tab\there	line\nbreak \\. and \\
3	Größe ✓	
\.


--
-- Data for Name: nocol; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.nocol  FROM stdin;



\.


COPY public."we;ird ""name" (only) FROM stdin;
\\.

\\N
\.


COPY public.empty_one (a, b) FROM stdin;
\.


SELECT pg_catalog.setval('public.seq', 3, true);


--
-- PostgreSQL database dump complete
--

\unrestrict KEY123

)SQL";

/// A script as `sed /^--/d` leaves it.
inline std::string stripped(const std::string& script) {
  std::string rest;
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t end = script.find('\n', at) + 1;
    if (script.compare(at, 2, "--") != 0) rest += script.substr(at, end - at);
    at = end;
  }
  return rest;
}

}  // namespace knowngood

#include "knowngood/load/dump_statement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dump_statement_test {

using namespace knowngood;
using testing::ElementsAre;

TEST(dump_statement, knows_indexes_and_the_tables_that_they_need) {
  using kind = index_statement::kind;
  const auto of = [](std::string_view statement) {
    return parse_index(statement).value_or(index_statement{kind::index, "none", ""});
  };
  EXPECT_EQ(of("CREATE INDEX i ON public.t USING btree (a);").table, "public.t");
  EXPECT_EQ(of("CREATE UNIQUE INDEX \"on\" ON ONLY \"S p\".\"a.b\" USING gin (x);").table, "\"S p\".\"a.b\"");
  EXPECT_EQ(of("CREATE INDEX i ON public.t USING btree (a);").what, kind::index);
  EXPECT_TRUE(of("CREATE INDEX i ON public.t USING btree (a);").btree);
  EXPECT_FALSE(of("CREATE INDEX i ON public.t USING gin (a);").btree);
  EXPECT_TRUE(of("ALTER TABLE ONLY public.t ADD CONSTRAINT u UNIQUE (a);").btree);
  EXPECT_FALSE(of("ALTER TABLE ONLY public.t ADD CONSTRAINT e EXCLUDE USING gist (a WITH &&);").btree);
  const index_statement key = of("ALTER TABLE ONLY public.t\n    ADD CONSTRAINT \"FOREIGN\" PRIMARY KEY (a, b);");
  EXPECT_EQ(key.what, kind::constraint);
  EXPECT_EQ(key.table, "public.t");
  const index_statement foreign =
      of("ALTER TABLE public.t\n    ADD CONSTRAINT f FOREIGN KEY (\"references\", b) REFERENCES s.u(a, b) ON DELETE "
         "CASCADE;");
  EXPECT_EQ(foreign.what, kind::foreign_key);
  EXPECT_EQ(foreign.table, "public.t");
  EXPECT_EQ(foreign.references, "s.u");
  for (const char* other :
       {"ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", "ALTER TABLE public.t CLUSTER ON i;",
        "ALTER TABLE ONLY public.t ADD CONSTRAINT c UNIQUE USING INDEX i;", "CREATE TABLE public.t (a integer);",
        "CREATE INDEX", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY", ""}) {
    EXPECT_FALSE(parse_index(other)) << other;
  }
}

TEST(dump_statement, knows_what_is_refused_and_what_only_speaks_of_it) {
  for (const char* refused :
       {"COPY t FROM PROGRAM 'x';", "copy t to program 'x';", "COPY t FROM '/etc/passwd';",
        "COPY (SELECT 1) TO '/tmp/x';", "LOAD 'x';", "ALTER SYSTEM SET a = 1;",
        "CREATE FUNCTION f() RETURNS integer\n    LANGUAGE c\n    AS 'lib', 'f';",
        "CREATE OR REPLACE FUNCTION f(a text DEFAULT 'x') RETURNS integer AS 'lib', 'f' LANGUAGE \"c\" STRICT;",
        "CREATE PROCEDURE f() LANGUAGE internal AS 'f';", "SELECT pg_catalog.lo_export(1, '/tmp/x');",
        "SELECT lo_import ('/etc/passwd');", "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p;",
        "CREATE SUBSCRIPTION s CONNECTION 'connect = false' PUBLICATION p;"}) {
    EXPECT_TRUE(refusal_of(refused)) << refused;
  }
  for (const char* tried :
       {"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'language c'$$;",
        "CREATE FUNCTION f(language text, c text) RETURNS text LANGUAGE sql AS '';",
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $x$ LANGUAGE c $x$;", "CREATE TABLE program (a integer);",
        "SELECT 'lo_import';", "SELECT pg_catalog.setval('public.lo_export', 1, true);",
        "ALTER TABLE system ADD a integer;", "GRANT SELECT ON program TO c;",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false, slot_name = 's');",
        "CREATE FUNCTION f(n integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT n; END;", ""}) {
    EXPECT_FALSE(refusal_of(tried)) << tried;
  }
}

TEST(dump_statement, tells_functions_of_postgresqls_own_modules_from_those_of_any_library) {
  EXPECT_EQ(
      module_of_function("CREATE FUNCTION public.similarity_old(text, text) RETURNS real\n    LANGUAGE c IMMUTABLE "
                         "STRICT\n    AS '$libdir/pg_trgm', 'similarity';"),
      "pg_trgm");
  EXPECT_EQ(module_of_function("CREATE OR REPLACE FUNCTION f() RETURNS int AS '$libdir/tsearch2', 'f' LANGUAGE C;"),
            "tsearch2");
  EXPECT_EQ(module_of_function("CREATE FUNCTION citextin(cstring) RETURNS citext LANGUAGE internal AS 'textin';"),
            "internal");
  for (const char* other :
       {"CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc.so.6', 'system';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '$libdir/../../tmp/x', 'f';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '$libdir/..', 'f';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '$libdir/', 'f';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x', 'f';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c SET a TO '$libdir/pg_trgm' AS '/tmp/x', 'f';",
        "CREATE FUNCTION f(a text DEFAULT '$libdir/pg_trgm') RETURNS int LANGUAGE c AS '/tmp/x', 'f';",
        "CREATE FUNCTION f() RETURNS text LANGUAGE internal AS 'pg_read_file_all';",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS '$libdir/pg_trgm';", "SELECT '$libdir/pg_trgm';", ""}) {
    EXPECT_FALSE(module_of_function(other)) << other;
  }
}

TEST(dump_statement, knows_what_is_about_the_whole_cluster) {
  const auto about = [](std::string_view statement) { return is_about_cluster(first_words(statement, 40)); };
  for (const char* cluster :
       {"CREATE ROLE a;", "ALTER USER a SET x TO y;", "DROP DATABASE IF EXISTS a;", "CREATE TABLESPACE a LOCATION 'b';",
        "GRANT a TO b GRANTED BY c;", "REVOKE a FROM b;", "GRANT CREATE,CONNECT,TEMPORARY ON DATABASE a TO b;",
        "COMMENT ON DATABASE a IS 'b';", "SECURITY LABEL FOR x ON ROLE a IS 'b';",
        "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'a';"}) {
    EXPECT_TRUE(about(cluster)) << cluster;
  }
  for (const char* other :
       {"GRANT SELECT ON TABLE a TO b;", "GRANT SELECT(a),UPDATE(a,b) ON TABLE t TO b;",
        "GRANT ALL ON SCHEMA database TO b;", "CREATE USER MAPPING FOR a SERVER b;", "COMMENT ON TABLE role IS 'x';",
        "ALTER TABLE role OWNER TO user;", "REVOKE ALL ON FUNCTION f() FROM PUBLIC;", "UPDATE t SET a = 1;"}) {
    EXPECT_FALSE(about(other)) << other;
  }
}

TEST(dump_statement, reads_names_as_sql_and_psql_write_them) {
  EXPECT_EQ(unquoted("\"a\"\"b\""), "a\"b");
  EXPECT_EQ(unquoted("plain"), "plain");
  EXPECT_EQ(parse_new_owner("ALTER TABLE \"x OWNER TO y\".t OWNER TO \"Bob the \"\"Builder\"\"\";"),
            "Bob the \"Builder\"");
  EXPECT_EQ(parse_connect("\\connect ner11_db"), "ner11_db");
  EXPECT_EQ(parse_connect("\\connect \"a b\""), "a b");
  EXPECT_EQ(parse_connect("\\connect -reuse-previous=on \"dbname='a b'\""), "a b");
  EXPECT_EQ(parse_connect("\\connect -reuse-previous=on \"dbname='Odd \"\"n\\\\ame\\' ='\""), "Odd \"n\\ame' =");
  EXPECT_FALSE(parse_connect("\\! connect x"));
  EXPECT_EQ(parse_encoding("\\encoding LATIN1"), "LATIN1");
  EXPECT_FALSE(parse_encoding("\\encoding `touch x`"));
  const auto wanted = parse_create_extension("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA \"My schema\";");
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->name, "uuid-ossp");
  EXPECT_EQ(wanted->schema, "My schema");
}

TEST(dump_statement, reads_a_header_whatever_the_name_holds) {
  const std::string_view header = "Name: a; Type: x; Schema: y b; Type: TABLE; Schema: public; Owner: o";
  EXPECT_EQ(header_part(header, "Name"), "a; Type: x; Schema: y b");
  EXPECT_EQ(header_part(header, "Type"), "TABLE");
  EXPECT_EQ(header_part(header, "Schema"), "public");
  EXPECT_EQ(header_part("no header", "Type"), "");
}

TEST(dump_statement, tells_quick_afterthoughts_from_what_must_wait) {
  const auto after = [](std::string_view statement) { return is_afterthought(first_words(statement, 12)); };
  EXPECT_TRUE(after("COMMENT ON INDEX public.i IS 'x';"));
  EXPECT_TRUE(after("ALTER TABLE public.t CLUSTER ON i;"));
  EXPECT_TRUE(after("ALTER TABLE ONLY public.t REPLICA IDENTITY USING INDEX i;"));
  EXPECT_TRUE(after("ALTER INDEX public.i ATTACH PARTITION public.j;"));
  EXPECT_TRUE(attaches_index(first_words("ALTER INDEX public.i ATTACH PARTITION public.j;", 12)));
  EXPECT_FALSE(attaches_index(first_words("ALTER INDEX public.i SET (fillfactor = 70);", 12)));
  EXPECT_FALSE(after("CREATE VIEW public.v AS SELECT 1;"));
  EXPECT_FALSE(after("REFRESH MATERIALIZED VIEW public.m;"));
  EXPECT_FALSE(after("ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;"));
}

}  // namespace dump_statement_test

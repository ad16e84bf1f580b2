#include "knowngood/postgres/foreign_statement.hpp"

#include <gtest/gtest.h>

namespace foreign_statement_test {

using namespace knowngood;

TEST(why_foreign, passes_what_pg_dump_writes) {
  for (const char* statement :
       {"SET statement_timeout = 0;",
        "RESET ALL;",
        "SELECT pg_catalog.set_config('search_path', '', false);",
        "SELECT pg_catalog.setval('public.s', 3, true);",
        "SELECT pg_catalog.lo_create('16404');",
        "SELECT pg_catalog.lowrite(0, '\\x00');",
        "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '1');",
        "BEGIN;",
        "COMMIT;",
        ";",
        "CREATE TABLE public.t (a integer);",
        "CREATE USER MAPPING FOR a SERVER s;",
        "ALTER USER MAPPING FOR a SERVER s OPTIONS (x 'y');",
        "ALTER TABLE ONLY public.t ADD CONSTRAINT k UNIQUE (a);",
        "ALTER DATABASE shop SET x TO 'y';",
        "ALTER ROLE app IN DATABASE shop SET x TO 'y';",
        "COPY public.t (a) FROM stdin;",
        "INSERT INTO t VALUES (1);",
        "COMMENT ON TABLE t IS 'do load';",
        "GRANT SELECT ON TABLE t TO app;",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        "SECURITY LABEL ON TABLE t IS 'x';",
        "REFRESH MATERIALIZED VIEW public.m;",
        "DROP TABLE IF EXISTS public.t;",
        "CREATE DATABASE shop;",
        "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'x';",
        "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = 's');",
        "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA public GRANT SELECT ON TABLES TO b;"}) {
    EXPECT_FALSE(why_foreign(statement, dump_place::database)) << statement;
  }
}

TEST(why_foreign, refuses_what_it_never_writes) {
  for (const char* statement : {"ALTER ROLE app SUPERUSER;",
                                "ALTER ROLE CURRENT_USER SUPERUSER;",
                                "alter user session_user superuser;",
                                "CREATE ROLE evil SUPERUSER LOGIN;",
                                "DROP ROLE app;",
                                "GRANT postgres TO app;",
                                "REVOKE a FROM b;",
                                "ALTER SYSTEM SET x = 'y';",
                                "LOAD '/tmp/x.so';",
                                "DO $$ BEGIN PERFORM 1; END $$;",
                                "CALL p();",
                                "COPY t FROM PROGRAM 'id';",
                                "COPY t TO PROGRAM 'id';",
                                "COPY t FROM '/etc/passwd';",
                                "COPY t TO '/tmp/x';",
                                "COPY (SELECT 1) TO STDOUT;",
                                "SELECT lo_import('/etc/passwd');",
                                "SELECT pg_catalog.lo_export(1, '/tmp/x');",
                                "SELECT pg_catalog.setval('s', (SELECT lo_import('/etc/passwd')), true);",
                                "SELECT f();",
                                "CREATE TABLESPACE t LOCATION '/x';",
                                "UPDATE public.t SET a = 1;",
                                "UPDATE pg_catalog.pg_authid SET rolsuper = true;",
                                "DELETE FROM t;",
                                "TRUNCATE t;",
                                "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;",
                                "VACUUM;",
                                "pg_dump: warning: something\nSET x = 1;"}) {
    EXPECT_TRUE(why_foreign(statement, dump_place::database)) << statement;
  }
}

TEST(why_foreign, knows_what_belongs_to_a_cluster_and_what_operators_write) {
  for (const char* statement :
       {"CREATE ROLE app;", "ALTER ROLE app WITH SUPERUSER LOGIN PASSWORD 'x';", "GRANT app TO b;",
        "CREATE TABLESPACE t LOCATION '/x';", "GRANT SET ON PARAMETER x TO b;"}) {
    EXPECT_FALSE(why_foreign(statement, dump_place::cluster)) << statement;
  }
  EXPECT_TRUE(why_foreign("ALTER ROLE CURRENT_USER SUPERUSER;", dump_place::cluster));
  EXPECT_TRUE(why_foreign("ALTER SYSTEM SET x = 'y';", dump_place::cluster));
  EXPECT_FALSE(why_foreign("CREATE ROLE app LOGIN;", dump_place::outside));
  EXPECT_FALSE(why_foreign("VACUUM ANALYZE;", dump_place::outside));
  EXPECT_TRUE(why_foreign("ALTER ROLE app SUPERUSER;", dump_place::outside));
  EXPECT_TRUE(is_harmless_around("COMMIT;"));
  EXPECT_FALSE(is_harmless_around("ROLLBACK;")) << "nothing of the dump would stay";
  EXPECT_FALSE(is_harmless_around("DROP TABLE t;"));
}

}  // namespace foreign_statement_test

//! Which tables of PostgreSQL's catalogue are there without rows? Those about what does not exist here: constraints, indexes,
//! comments, procedures, privileges, partitions, replication.

/// Name, and columns as `tables::table` reads them.
pub(super) const BARE: [(&str, &str); 37] = [
    ("pg_aggregate", "aggfnoid:i aggkind:t aggnumdirectargs:i"),
    ("pg_attrdef", "oid:i adrelid:i adnum:i adbin:t"),
    ("pg_auth_members", "oid:i roleid:i member:i grantor:i admin_option:b"),
    ("pg_cast", "oid:i castsource:i casttarget:i castfunc:i castcontext:t castmethod:t"),
    (
        "pg_collation",
        "oid:i collname:t collnamespace:i collowner:i collprovider:t collencoding:i collcollate:t",
    ),
    (
        "pg_constraint",
        "oid:i conname:t connamespace:i contype:t condeferrable:b condeferred:b convalidated:b conrelid:i \
         contypid:i conindid:i conparentid:i confrelid:i confupdtype:t confdeltype:t confmatchtype:t \
         conislocal:b coninhcount:i connoinherit:b conkey:l confkey:l conbin:t",
    ),
    ("pg_conversion", "oid:i conname:t connamespace:i"),
    ("pg_default_acl", "oid:i defaclrole:i defaclnamespace:i defaclobjtype:t defaclacl:t"),
    ("pg_depend", "classid:i objid:i objsubid:i refclassid:i refobjid:i refobjsubid:i deptype:t"),
    ("pg_description", "objoid:i classoid:i objsubid:i description:t"),
    ("pg_enum", "oid:i enumtypid:i enumsortorder:f enumlabel:t"),
    ("pg_event_trigger", "oid:i evtname:t evtevent:t evtowner:i evtenabled:t"),
    ("pg_extension", "oid:i extname:t extowner:i extnamespace:i extversion:t"),
    ("pg_foreign_data_wrapper", "oid:i fdwname:t fdwowner:i"),
    ("pg_foreign_server", "oid:i srvname:t srvowner:i srvfdw:i"),
    ("pg_foreign_table", "ftrelid:i ftserver:i ftoptions:t"),
    (
        "pg_index",
        "indexrelid:i indrelid:i indnatts:i indnkeyatts:i indisunique:b indisprimary:b indisexclusion:b \
         indimmediate:b indisclustered:b indisvalid:b indisready:b indislive:b indisreplident:b indkey:t \
         indoption:l indexprs:t indpred:t",
    ),
    ("pg_indexes", "schemaname:t tablename:t indexname:t tablespace:t indexdef:t"),
    ("pg_inherits", "inhrelid:i inhparent:i inhseqno:i inhdetachpending:b"),
    ("pg_language", "oid:i lanname:t lanowner:i"),
    ("pg_locks", "locktype:t database:i relation:i pid:i mode:t granted:b"),
    ("pg_matviews", "schemaname:t matviewname:t matviewowner:t definition:t"),
    ("pg_operator", "oid:i oprname:t oprnamespace:i oprleft:i oprright:i oprresult:i"),
    ("pg_partitioned_table", "partrelid:i partstrat:t partnatts:i partdefid:i"),
    ("pg_policy", "oid:i polname:t polrelid:i polcmd:t polpermissive:b polroles:l polqual:t polwithcheck:t"),
    (
        "pg_proc",
        "oid:i proname:t pronamespace:i proowner:i prolang:i prokind:t proretset:b prorettype:i pronargs:i \
         proargnames:l prosrc:t",
    ),
    ("pg_publication", "oid:i pubname:t pubowner:i puballtables:b pubinsert:b pubupdate:b pubdelete:b"),
    ("pg_publication_namespace", "oid:i pnpubid:i pnnspid:i"),
    ("pg_publication_rel", "oid:i prpubid:i prrelid:i prqual:t prattrs:l"),
    ("pg_range", "rngtypid:i rngsubtype:i"),
    ("pg_rewrite", "oid:i rulename:t ev_class:i ev_type:t ev_enabled:t is_instead:b"),
    (
        "pg_sequence",
        "seqrelid:i seqtypid:i seqstart:i seqincrement:i seqmax:i seqmin:i seqcache:i seqcycle:b",
    ),
    ("pg_shdescription", "objoid:i classoid:i description:t"),
    ("pg_stat_activity", "datid:i datname:t pid:i usename:t application_name:t state:t query:t"),
    (
        "pg_statistic_ext",
        "oid:i stxrelid:i stxname:t stxnamespace:i stxowner:i stxstattarget:i stxkeys:l stxkind:l",
    ),
    ("pg_tablespace", "oid:i spcname:t spcowner:i"),
    (
        "pg_trigger",
        "oid:i tgrelid:i tgparentid:i tgname:t tgfoid:i tgtype:i tgenabled:t tgisinternal:b tgconstraint:i \
         tgdeferrable:b tginitdeferred:b",
    ),
];

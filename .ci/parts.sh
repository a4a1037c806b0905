# Which real parts do the tests need, and where do they come from? Package registries only; kept between runs.
parts="${ALLUVIUM_CI_PARTS:-$HOME/.cache/alluvium-ci}"

# Apache Kafka, the Avatica JDBC driver and the wikiticker file from Maven Central, DuckDB, pydruid, Superset and the ADBC
# Flight SQL driver from PyPI, plywood, Druid's query toolkits and Cube's driver from npm, Chromium, psql and PostgreSQL from
# Debian. What is there in another version is installed anew.
install_parts() {
  mkdir -p "$parts"
  if [ ! -f "$parts/kafka/complete" ]; then
    mvn -q -B -f .ci/kafka-pom.xml dependency:copy-dependencies -DoutputDirectory="$parts/kafka/libs"
    touch "$parts/kafka/complete"
  fi
  if ! cmp -s .ci/avatica-pom.xml "$parts/avatica/complete"; then
    rm -rf "$parts/avatica"
    mvn -q -B -f .ci/avatica-pom.xml dependency:copy-dependencies -DoutputDirectory="$parts/avatica/libs"
    cp .ci/avatica-pom.xml "$parts/avatica/complete"
  fi
  if [ ! -f "$parts/wikiticker.json.gz" ]; then
    mvn -q -B dependency:copy -Dartifact=org.apache.druid:druid-processing:31.0.0:jar:tests -DoutputDirectory="$parts/druid"
    local entry=wikipedia/wikiticker-2015-09-12-sampled.json.gz
    python3 -m zipfile -e "$parts/druid/druid-processing-31.0.0-tests.jar" "$parts/druid/unpacked"
    mv "$parts/druid/unpacked/$entry" "$parts/wikiticker.json.gz"
    rm -rf "$parts/druid/unpacked"
  fi
  python_part python duckdb==2.0.0 "pydruid[sqlalchemy,pandas]==0.6.9" sqlalchemy==2.1.9 pandas==3.1.1
  python_part adbc adbc-driver-flightsql==1.13.0 adbc-driver-manager==1.13.0 pyarrow==26.0.1
  python_part superset -r .ci/superset.txt
  node_part plywood@0.33.3 plywood-druid-requester@3.0.2 druid-query-toolkit@1.2.2 @druid-toolkit/query@0.22.24 \
    @cubejs-backend/druid-driver@1.7.43
  if ! command -v chromium > /dev/null || ! command -v psql > /dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium postgresql-client > "$parts/debian.log"
  fi
  if [ -z "$(postgres_programs)" ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends postgresql > "$parts/postgresql.log"
  fi
}

# A Python of its own with these packages.
python_part() {
  local folder="$parts/$1" wanted
  shift
  wanted="$*"
  if [ "$1" = -r ]; then wanted=$(cat "$2"); fi
  if [ "$(cat "$folder/complete" 2> /dev/null)" != "$wanted" ]; then
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install -q "$@"
    printf '%s\n' "$wanted" > "$folder/complete"
  fi
}

# A folder `node_modules` with these packages; none of their own install steps is run.
node_part() {
  local folder="$parts/node"
  if [ "$(cat "$folder/complete" 2> /dev/null)" != "$*" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error "$@"
    printf '%s\n' "$*" > "$folder/complete"
  fi
}

# The folder of the newest PostgreSQL's programs; empty without one.
postgres_programs() {
  ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1
}

# The tests of the module `real`, against the release server; a missing part fails them.
real_parts() {
  ALLUVIUM_REAL_PARTS=required \
  ALLUVIUM_BINARY="$CARGO_TARGET_DIR/release/alluvium" \
  ALLUVIUM_KAFKA_LIBS="$parts/kafka/libs" \
  ALLUVIUM_AVATICA_LIBS="$parts/avatica/libs" \
  ALLUVIUM_WIKITICKER="$parts/wikiticker.json.gz" \
  ALLUVIUM_PYTHON="$parts/python/bin/python" \
  ALLUVIUM_SUPERSET_PYTHON="$parts/superset/bin/python" \
  ALLUVIUM_NODE="$parts/node/node_modules" \
  ALLUVIUM_ADBC_PYTHON="$parts/adbc/bin/python" \
  ALLUVIUM_PSQL="$(command -v psql)" \
  ALLUVIUM_POSTGRES="$(postgres_programs)" \
  ALLUVIUM_CHROMIUM="$(command -v chromium)" \
    cargo test --workspace --test it --locked -- real:: differential:: --nocapture --test-threads=1
}

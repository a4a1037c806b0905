# Which real parts do the tests need, and where do they come from? Package registries only; kept between runs.
parts="${ALLUVIUM_CI_PARTS:-$HOME/.cache/alluvium-ci}"

# Apache Kafka, the Avatica JDBC driver and the wikiticker file from Maven Central, DuckDB, pydruid and the ADBC Flight SQL driver from PyPI, Chromium and psql from Debian.
install_parts() {
  mkdir -p "$parts"
  if [ ! -f "$parts/kafka/complete" ]; then
    mvn -q -B -f .ci/kafka-pom.xml dependency:copy-dependencies -DoutputDirectory="$parts/kafka/libs"
    touch "$parts/kafka/complete"
  fi
  if [ ! -f "$parts/avatica/complete" ]; then
    mvn -q -B -f .ci/avatica-pom.xml dependency:copy-dependencies -DoutputDirectory="$parts/avatica/libs"
    touch "$parts/avatica/complete"
  fi
  if [ ! -f "$parts/wikiticker.json.gz" ]; then
    mvn -q -B dependency:copy -Dartifact=org.apache.druid:druid-processing:31.0.0:jar:tests -DoutputDirectory="$parts/druid"
    local entry=wikipedia/wikiticker-2015-09-12-sampled.json.gz
    python3 -m zipfile -e "$parts/druid/druid-processing-31.0.0-tests.jar" "$parts/druid/unpacked"
    mv "$parts/druid/unpacked/$entry" "$parts/wikiticker.json.gz"
    rm -rf "$parts/druid/unpacked"
  fi
  if [ ! -f "$parts/python/complete" ]; then
    python3 -m venv "$parts/python"
    "$parts/python/bin/pip" install -q duckdb==1.4.1 pydruid==0.6.9
    touch "$parts/python/complete"
  fi
  if [ ! -f "$parts/adbc/complete" ]; then
    python3 -m venv "$parts/adbc"
    "$parts/adbc/bin/pip" install -q adbc-driver-flightsql==1.13.0 adbc-driver-manager==1.13.0 pyarrow==26.0.1
    touch "$parts/adbc/complete"
  fi
  if ! command -v chromium > /dev/null || ! command -v psql > /dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium postgresql-client > "$parts/debian.log"
  fi
}

# The tests of the module `real`, against the release server; a missing part fails them.
real_parts() {
  ALLUVIUM_REAL_PARTS=required \
  ALLUVIUM_BINARY="$CARGO_TARGET_DIR/release/alluvium" \
  ALLUVIUM_KAFKA_LIBS="$parts/kafka/libs" \
  ALLUVIUM_AVATICA_LIBS="$parts/avatica/libs" \
  ALLUVIUM_WIKITICKER="$parts/wikiticker.json.gz" \
  ALLUVIUM_PYTHON="$parts/python/bin/python" \
  ALLUVIUM_ADBC_PYTHON="$parts/adbc/bin/python" \
  ALLUVIUM_PSQL="$(command -v psql)" \
  ALLUVIUM_CHROMIUM="$(command -v chromium)" \
    cargo test --workspace --test it --locked -- real:: differential:: --nocapture --test-threads=1
}

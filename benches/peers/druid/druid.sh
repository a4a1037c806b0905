#!/bin/bash
# Apache Druid on loopback, as a peer: ZooKeeper, coordinator with overlord (8081), broker (8082), historical (8083),
# indexer (8091). Caches are off; as many processing threads as cores.
#
#   druid.sh install         fetches the jars with Maven (Java 17 and mvn must be there; SETTINGS=FILE for another mirror)
#   druid.sh start [query]   starts all, or all but the indexer
#   druid.sh stop | status
set -u
here=$(cd "$(dirname "$0")" && pwd)
home=${ALLUVIUM_BENCH_DATA:-$HOME/.cache/alluvium-bench}/druid
run=$home/run
cores=$(nproc)
mkdir -p "$run"/{log,pid,zk,tmp,conf,derby} "$home"/{lib,segments,segment-cache,indexing-logs}

java_options=(
  -server -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError -Duser.timezone=UTC -Dfile.encoding=UTF-8
  "-Djava.io.tmpdir=$run/tmp" -Djava.util.logging.manager=org.apache.logging.log4j.jul.LogManager
  "-Dlog4j.configurationFile=$run/conf/log4j2.xml"
  --add-exports=java.base/jdk.internal.ref=ALL-UNNAMED --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED
)
for package in java.base/{java.nio,sun.nio.ch,jdk.internal.ref,java.io,java.lang,java.util} \
  jdk.management/com.sun.management.internal; do
  java_options+=("--add-opens=$package=ALL-UNNAMED")
done

write_logging() {
  cat >"$run/conf/log4j2.xml" <<XML
<Configuration status="WARN">
  <Appenders><Console name="C" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} %p [%t] %c - %m%n"/></Console></Appenders>
  <Loggers>
    <Root level="warn"><AppenderRef ref="C"/></Root>
    <Logger name="org.apache.druid.indexing" level="info"/>
  </Loggers>
</Configuration>
XML
  cat >"$run/conf/zoo.cfg" <<CFG
tickTime=2000
dataDir=$run/zk
clientPort=2181
clientPortAddress=127.0.0.1
admin.enableServer=false
CFG
}

# Settings of one service: those all have, and its own.
configure() {
  mkdir -p "$run/conf/$1"
  cat >"$run/conf/$1/runtime.properties" <<PROPERTIES
druid.host=127.0.0.1
druid.bindOnHost=true
druid.extensions.directory=$home/extensions
druid.extensions.loadList=[]
druid.zk.service.host=127.0.0.1:2181
druid.zk.paths.base=/druid
druid.metadata.storage.type=derby
druid.metadata.storage.connector.connectURI=jdbc:derby://127.0.0.1:1527/$run/derby/metadata.db;create=true
druid.metadata.storage.connector.host=127.0.0.1
druid.metadata.storage.connector.port=1527
druid.storage.type=local
druid.storage.storageDirectory=$home/segments
druid.indexer.logs.type=file
druid.indexer.logs.directory=$home/indexing-logs
druid.selectors.indexing.serviceName=druid/overlord
druid.selectors.coordinator.serviceName=druid/coordinator
druid.emitter=noop
druid.lookup.enableLookupSyncOnStartup=false
druid.sql.enable=true
druid.javascript.enabled=false
druid.startup.logging.logProperties=false
druid.service=druid/$1
druid.server.http.numThreads=24
druid.processing.numMergeBuffers=2
druid.processing.numThreads=$cores
druid.processing.buffer.sizeBytes=200MiB
druid.processing.tmpDir=$run/tmp/$1
$2
PROPERTIES
}

configure_all() {
  write_logging
  configure coordinator "druid.plaintextPort=8081
druid.coordinator.asOverlord.enabled=true
druid.coordinator.asOverlord.overlordService=druid/overlord
druid.coordinator.startDelay=PT5S
druid.coordinator.period=PT5S
druid.manager.segments.pollDuration=PT5S
druid.indexer.queue.startDelay=PT2S
druid.indexer.runner.type=httpRemote
druid.indexer.storage.type=metadata"
  configure broker "druid.plaintextPort=8082
druid.processing.numThreads=1
druid.broker.http.numConnections=20
druid.broker.http.maxQueuedBytes=10MiB
druid.broker.cache.useCache=false
druid.broker.cache.populateCache=false
druid.sql.planner.metadataRefreshPeriod=PT10S"
  configure historical "druid.plaintextPort=8083
druid.segmentCache.locations=[{\"path\":\"$home/segment-cache\",\"maxSize\":\"60g\"}]
druid.historical.cache.useCache=false
druid.historical.cache.populateCache=false"
  configure indexer "druid.plaintextPort=8091
druid.worker.capacity=3
druid.indexer.task.baseTaskDir=$run/task
druid.processing.buffer.sizeBytes=50MiB"
}

# Starts a command under a name unless it runs.
launch() {
  local name=$1
  shift
  if [ -f "$run/pid/$name" ] && kill -0 "$(cat "$run/pid/$name")" 2>/dev/null; then return; fi
  nohup "$@" >"$run/log/$name.log" 2>&1 </dev/null &
  echo $! >"$run/pid/$name"
}

service() {
  local name=$1
  shift
  launch "$name" java "$@" "${java_options[@]}" -cp "$run/conf/$name:$home/lib/*" org.apache.druid.cli.Main server "$name"
}

start() {
  configure_all
  cd "$run" || exit 1
  launch zookeeper java -Xmx128m "-Dlog4j.configurationFile=$run/conf/log4j2.xml" -cp "$run/conf:$home/lib/*" \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$run/conf/zoo.cfg"
  sleep 2
  service coordinator -Xms256m -Xmx768m
  sleep 6
  service historical -Xms2g -Xmx2g -XX:MaxDirectMemorySize=1200m
  service broker -Xms1g -Xmx1g -XX:MaxDirectMemorySize=1000m
  [ "${1:-}" = query ] || service indexer -Xms1g -Xmx3g -XX:MaxDirectMemorySize=600m
  for port in 8081 8082 8083; do
    for _ in $(seq 90); do
      curl -sf -o /dev/null "http://127.0.0.1:$port/status/health" && break
      sleep 1
    done
    echo "port $port: $(curl -s "http://127.0.0.1:$port/status/health")"
  done
}

stop() {
  local pids=()
  for name in indexer broker historical coordinator zookeeper; do
    [ -f "$run/pid/$name" ] && pids+=("$(cat "$run/pid/$name")") && rm "$run/pid/$name"
  done
  [ ${#pids[@]} -eq 0 ] && return
  kill "${pids[@]}" 2>/dev/null
  for _ in $(seq 30); do
    kill -0 "${pids[@]}" 2>/dev/null || return
    sleep 1
  done
  kill -9 "${pids[@]}" 2>/dev/null
}

case ${1:-} in
install)
  mvn -B -q -f "$here/pom.xml" -s "${SETTINGS:-$here/settings.xml}" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$home/lib"
  ;;
start) start "${2:-}" ;;
stop) stop ;;
status)
  for file in "$run"/pid/*; do
    [ -f "$file" ] && echo "$(basename "$file"): $(ps -o pid=,rss=,pcpu= -p "$(cat "$file")")"
  done
  ;;
*)
  echo "usage: druid.sh install | start [query] | stop | status" >&2
  exit 2
  ;;
esac

// What do the web console's libraries, druid-query-toolkit and its elder @druid-toolkit/query, read from an answer: rows,
// types in the header, times, native results, filters they build, and the end of a query that is cancelled?

import { HOUR, close, distinct, edits, fails, flights, floor, groups, load, same, sum, url } from './raw.mjs';

let canceller;
const send = async (payload, isSql, signal) => {
  const answer = await fetch(`${url}${isSql ? '/druid/v2/sql' : '/druid/v2'}`, {
    method: 'POST',
    body: JSON.stringify(payload),
    headers: { 'Content-Type': 'application/json' },
    signal,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(JSON.parse(text).errorMessage ?? text);
  const lines = ['arrayLines', 'objectLines'].includes(payload.resultFormat);
  return { data: lines ? text : JSON.parse(text), headers: Object.fromEntries(answer.headers) };
};
const libraries = {
  'druid-query-toolkit': ({ payload, isSql, signal }) => send(payload, isSql, signal),
  '@druid-toolkit/query': (payload, isSql) => send(payload, isSql),
};
const tokyo = edits.filter(row => row.countryName === 'Japan');

for (const [library, executor] of Object.entries(libraries)) {
  const kit = load(library);
  const runner = new kit.QueryRunner({ executor });
  const run = (query, more = {}) => runner.runQuery({ query, ...more });
  await sql(library, kit, run);
  await filters(library, kit, run);
  await introspection(library, kit, run);
  await native(library, run);
  await failures(library, run);
}
await cancelled();
close('toolkit');

async function sql(library, kit, run) {
  const channels = [...groups(edits, row => row.channel)].map(([name, rows]) => [
    name,
    rows.length,
    sum(rows, row => row.added),
  ]);
  channels.sort((a, b) => b[1] - a[1]);
  const columns = [kit.F.count().as('edits'), kit.F.sum(kit.C('added')).as('added')];
  const built = kit.SqlQuery.from('wikipedia')
    .addSelect(kit.C('channel'), { addToGroupBy: 'end' })
    .addSelect(columns[0], { addToOrderBy: 'end', direction: 'DESC' })
    .addSelect(columns[1])
    .changeLimitValue(9);
  const top = await run(built);
  same(`${library} built query`, top.rows, channels.slice(0, 9));
  same(
    `${library} header`,
    top.header.map(one => [one.name, one.nativeType, one.sqlType]),
    [
      ['channel', 'STRING', 'VARCHAR'],
      ['edits', 'LONG', 'BIGINT'],
      ['added', 'LONG', 'BIGINT'],
    ],
  );
  same(
    `${library} objects`,
    top.toObjectArray(),
    channels.slice(0, 9).map(([channel, n, added]) => ({ channel, edits: n, added })),
  );
  const hours = [...groups(edits, row => floor(row.__time, HOUR).getTime())].map(([hour, rows]) => [
    new Date(hour),
    rows.length,
  ]);
  const found = await run('SELECT TIME_FLOOR(__time, \'PT1H\') AS "t", COUNT(*) FROM wikipedia GROUP BY 1 ORDER BY 1');
  same(`${library} times`, found.rows, hours);
  same(
    `${library} times are dates`,
    found.rows.every(row => row[0] instanceof Date),
    true,
  );
  same(`${library} unnamed`, found.getHeaderNames(), ['t', 'EXPR$1']);
  const placeholders = await run('SELECT COUNT(*) AS n FROM wikipedia WHERE channel = ? AND added > ?', {
    queryParameters: [
      { type: 'VARCHAR', value: '#fr.wikipedia' },
      { type: 'BIGINT', value: 100 },
    ],
    extraQueryContext: { sqlQueryId: `id of ${library}` },
  });
  same(`${library} parameters`, placeholders.rows, [
    [edits.filter(row => row.channel === '#fr.wikipedia' && row.added > 100).length],
  ]);
  same(`${library} id`, placeholders.sqlQueryId, `id of ${library}`);
  const outer = await run('SELECT page FROM wikipedia', { extraQueryContext: { sqlOuterLimit: 11 } });
  same(`${library} outer limit`, [outer.rows.length, outer.getSqlOuterLimit()], [11, 11]);
  const joined = await run(`WITH busy AS (SELECT origin, COUNT(*) AS n FROM flights GROUP BY 1 HAVING COUNT(*) > 5000)
    SELECT b.origin, b.n, SUM(f.distance) AS miles FROM busy b JOIN flights f ON f.origin = b.origin GROUP BY 1, 2 ORDER BY 2 DESC`);
  const airports = [...groups(flights, row => row.origin)].filter(([, rows]) => rows.length > 5000);
  airports.sort((a, b) => b[1].length - a[1].length);
  same(
    `${library} join`,
    joined.rows,
    airports.map(([name, rows]) => [name, rows.length, sum(rows, row => row.distance)]),
  );
  for (const resultFormat of ['object', 'objectLines', 'array', 'arrayLines']) {
    if (library === '@druid-toolkit/query' && resultFormat.endsWith('Lines')) continue;
    const one = await run(
      "SELECT MIN(__time) AS t, MAX(added) AS m, COUNT(DISTINCT countryName) AS c FROM wikipedia WHERE countryName = 'Japan'",
      { resultFormat, header: true, typesHeader: true, sqlTypesHeader: true },
    );
    same(
      `${library} ${resultFormat}`,
      [one.header.map(c => c.sqlType), one.rows],
      [['TIMESTAMP', 'BIGINT', 'BIGINT'], [[tokyo[0].__time, Math.max(...tokyo.map(row => row.added)), 1]]],
    );
  }
  same(
    `${library} nothing`,
    (await run("SELECT page, added FROM wikipedia WHERE channel = 'none'")).header.map(c => c.sqlType),
    ['VARCHAR', 'BIGINT'],
  );
}

// The conditions the console's filter menus build and read back.
async function filters(library, kit, run) {
  const noon = Date.parse('2015-09-12T12:00Z');
  const patterns = [
    [
      { type: 'values', column: 'namespace', values: ['Talk', 'User'], negated: false },
      row => ['Talk', 'User'].includes(row.namespace),
    ],
    [
      { type: 'values', column: 'cityName', values: [null, 'Tokyo'], negated: true },
      row => row.cityName !== null && row.cityName !== 'Tokyo',
    ],
    [
      { type: 'contains', column: 'page', contains: 'list', negated: false },
      row => row.page.toLowerCase().includes('list'),
    ],
    [
      { type: 'regexp', column: 'page', regexp: '^[A-F].*[0-9]$', negated: false },
      row => /^[A-F].*[0-9]$/.test(row.page),
    ],
    [
      { type: 'numberRange', column: 'added', start: 100, startBound: '[', end: 200, endBound: ')', negated: false },
      row => row.added >= 100 && row.added < 200,
    ],
    [
      {
        type: 'timeInterval',
        column: '__time',
        start: new Date(noon),
        end: new Date(noon + HOUR),
        startBound: '[',
        endBound: ')',
        negated: false,
      },
      row => floor(row.__time, HOUR).getTime() === noon,
    ],
  ];
  for (const [pattern, holds] of patterns) {
    const where = kit.filterPatternToExpression(pattern);
    same(`${library} reads its ${pattern.type}`, kit.fitFilterPattern(where).type, pattern.type);
    const found = await run(`SELECT COUNT(*), SUM(added) FROM wikipedia WHERE ${where}`);
    const rows = edits.filter(holds);
    same(`${library} ${pattern.type}`, found.rows, [[rows.length, sum(rows, row => row.added)]]);
  }
}

async function introspection(library, kit, run) {
  const tables = kit.Introspect.decodeTableIntrospectionResult(await run(kit.Introspect.getTableIntrospectionQuery()));
  same(`${library} tables`, tables.map(one => one.name).sort(), ['flights', 'wikipedia']);
  const asked = { 'SELECT * FROM wikipedia': edits, 'SELECT * FROM flights': flights };
  for (const [query, raw] of Object.entries(asked)) {
    const payload = kit.Introspect.getQueryColumnIntrospectionPayload(kit.SqlQuery.parse(query));
    const columns = kit.Introspect.decodeQueryColumnIntrospectionResult(await run(payload));
    const wanted = Object.entries(raw[0]).map(([name, value]) => [
      name,
      name === '__time' ? 'TIMESTAMP' : typeof value === 'number' ? 'BIGINT' : 'VARCHAR',
    ]);
    same(
      `${library} columns of ${query}`,
      Object.fromEntries(columns.map(one => [one.name, one.sqlType])),
      Object.fromEntries(wanted),
    );
  }
}

async function native(library, run) {
  const day = { dataSource: 'wikipedia', intervals: '2015-09-12/2015-09-13' };
  const aggregations = [
    { type: 'count', name: 'n' },
    { type: 'longSum', name: 'added', fieldName: 'added' },
  ];
  const by = (rows, key) => [...groups(rows, key)].map(([name, all]) => [name, all.length, sum(all, row => row.added)]);
  const top = by(edits, row => row.channel)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4);
  const topN = await run({
    queryType: 'topN',
    ...day,
    granularity: 'all',
    dimension: 'channel',
    metric: 'n',
    threshold: 4,
    aggregations,
  });
  same(
    `${library} topN`,
    topN.toObjectArray().map(({ channel, n, added }) => [channel, n, added]),
    top,
  );
  const hours = by(edits, row => floor(row.__time, HOUR).toISOString());
  const series = await run({ queryType: 'timeseries', ...day, granularity: 'hour', aggregations });
  same(
    `${library} timeseries`,
    series.toObjectArray().map(({ timestamp, n, added }) => [new Date(timestamp).toISOString(), n, added]),
    hours,
  );
  const spaces = by(edits, row => row.namespace).sort();
  const groupBy = await run({
    queryType: 'groupBy',
    ...day,
    granularity: 'all',
    dimensions: ['namespace'],
    aggregations,
  });
  same(
    `${library} groupBy`,
    groupBy
      .toObjectArray()
      .map(({ namespace, n, added }) => [namespace, n, added])
      .sort(),
    spaces,
  );
  const scan = await run({
    queryType: 'scan',
    ...day,
    columns: ['page', 'added'],
    resultFormat: 'compactedList',
    filter: { type: 'selector', dimension: 'countryName', value: 'Japan' },
  });
  same(`${library} scan`, scan.rows.map(String).sort(), tokyo.map(row => `${row.page},${row.added}`).sort());
  const columns = await run({
    queryType: 'segmentMetadata',
    dataSource: 'flights',
    merge: true,
    analysisTypes: ['minmax', 'cardinality'],
  });
  same(`${library} segmentMetadata`, columns.rows.length, 5);
}

async function failures(library, run) {
  await fails(`${library} unknown column`, run('SELECT nope FROM wikipedia'), "Column 'nope' not found");
  await fails(`${library} bad SQL`, run('SELECT FROM'), 'line [1], column [8]');
  await fails(`${library} bad native`, run({ queryType: 'nope', dataSource: 'wikipedia' }), 'nope');
}

// As the console cancels: by the id it gave the query, which then ends with an error at once.
async function cancelled() {
  const { QueryRunner } = load('druid-query-toolkit');
  const runner = new QueryRunner({ executor: libraries['druid-query-toolkit'] });
  const slow = `SELECT COUNT(*) FROM flights a JOIN flights b ON a.origin = b.destination WHERE a.delay + b.delay > a.distance - b.distance`;
  for (const [way, path] of [
    ['SQL', '/druid/v2/sql/slow-0'],
    ['native', '/druid/v2/slow-1'],
  ]) {
    const id = path.split('/').at(-1);
    const started = Date.now();
    const running = runner.runQuery({ query: slow, extraQueryContext: { sqlQueryId: id } });
    const ended = fails(`cancelled by the ${way} path`, running, 'cancel');
    await new Promise(resolve => setTimeout(resolve, 300));
    const answer = await fetch(`${url}${path}`, { method: 'DELETE' });
    same(`cancel by the ${way} path`, answer.status, 202);
    await ended;
    same(`cancelled by the ${way} path in time`, Date.now() - started < 20_000, true);
  }
}

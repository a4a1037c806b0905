// What do Cube's driver for Druid and the SQL that Cube's compiler writes for it give? The compiler's JavaScript planner is
// asked: the other one is a binary that no registry has.

import { DAY, HOUR, close, distinct, edits, fails, flights, floor, groups, load, same, sum, url } from './raw.mjs';

process.env.CUBEJS_TESSERACT_SQL_PLANNER = 'false';
const { DruidDriver } = load('@cubejs-backend/druid-driver');
const { prepareCompiler } = load('@cubejs-backend/schema-compiler');

const driver = new DruidDriver({ url, dataSource: 'default' });
const model = `
cube('Edits', {
  sql: 'SELECT * FROM druid.wikipedia',
  measures: {
    count: { type: 'count' },
    added: { sql: 'added', type: 'sum' },
    most: { sql: 'added', type: 'max' },
    least: { sql: '"delta"', type: 'min' },
    users: { sql: '"user"', type: 'countDistinct' },
    large: { type: 'count', filters: [{ sql: \`\${CUBE}.added > 100\` }] },
    mean: { type: 'number', sql: \`1.0 * \${added} / \${count}\` },
  },
  dimensions: {
    channel: { sql: 'channel', type: 'string' },
    page: { sql: 'page', type: 'string' },
    country: { sql: 'countryName', type: 'string' },
    size: { sql: 'added', type: 'number' },
    robot: { sql: \`CASE WHEN \${CUBE}."isRobot" = 'true' THEN 'robot' ELSE 'person' END\`, type: 'string' },
    time: { sql: \`\${CUBE}.__time\`, type: 'time' },
  },
  segments: { english: { sql: \`\${CUBE}.channel = '#en.wikipedia'\` } },
});
cube('Flights', {
  sql: 'SELECT * FROM flights',
  measures: { count: { type: 'count' }, miles: { sql: 'distance', type: 'sum' }, delay: { sql: 'delay', type: 'avg' } },
  dimensions: { origin: { sql: 'origin', type: 'string' }, to: { sql: 'destination', type: 'string' }, time: { sql: \`\${CUBE}.__time\`, type: 'time' } },
});`;
const repository = { localPath: () => '.', dataSchemaFiles: async () => [{ fileName: 'model.js', content: model }] };
// Templates in YAML are what the binary would be for here; there are none.
const compilers = prepareCompiler(repository, { nativeInstance: { newJinjaEngine: () => ({}) }, standalone: true });
await compilers.compiler.compile();
const Dialect = DruidDriver.dialectClass();

// Rows of a query in Cube's own form, with the short names of their members.
async function ask(query) {
  const [sql, parameters] = new Dialect(compilers, { timezone: 'UTC', rowLimit: 50_000, ...query }).buildSqlAndParams();
  const { rows, types } = await driver.downloadQueryResults(sql, parameters, {});
  const short = name => name.replace(/^(edits|flights)__/, '');
  const shown = rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [short(name), value])));
  return { rows: shown, types: Object.fromEntries(types.map(one => [short(one.name), one.type])) };
}
const edit = query =>
  ask({
    ...query,
    measures: (query.measures ?? ['count', 'added']).map(name => `Edits.${name}`),
    dimensions: (query.dimensions ?? []).map(name => `Edits.${name}`),
  });
const measured = rows => ({ count: rows.length, added: rows.length === 0 ? null : sum(rows, row => row.added) });
const descending = (a, b) => b.count - a.count;

async function measures() {
  const { rows, types } = await edit({ measures: ['count', 'added', 'most', 'least', 'large', 'mean'] });
  const added = edits.map(row => row.added);
  same('measures', rows, [
    {
      ...measured(edits),
      most: Math.max(...added),
      least: Math.min(...edits.map(row => row.delta)),
      large: added.filter(one => one > 100).length,
      mean: sum(edits, row => row.added) / edits.length,
    },
  ]);
  same('types of measures', types, {
    count: 'bigint',
    added: 'bigint',
    most: 'bigint',
    least: 'bigint',
    large: 'bigint',
    mean: 'decimal',
  });
  const users = (await edit({ measures: ['users'] })).rows[0].users;
  const exact = distinct(edits, row => row.user);
  same('distinct users within 3 %', Math.abs(users - exact) <= 0.03 * exact ? exact : users, exact);
}

async function dimensions() {
  const order = [{ id: 'Edits.count', desc: true }];
  const found = await edit({ dimensions: ['channel', 'robot'], order, rowLimit: 12 });
  const kind = row => (row.isRobot === 'true' ? 'robot' : 'person');
  const wanted = [...groups(edits, row => `${row.channel} ${kind(row)}`).values()].map(rows => ({
    channel: rows[0].channel,
    robot: kind(rows[0]),
    ...measured(rows),
  }));
  same('two dimensions', found.rows, wanted.sort(descending).slice(0, 12));
  same('types', found.types, { channel: 'text', robot: 'text', count: 'bigint', added: 'bigint' });
  const english = await edit({ segments: ['Edits.english'], dimensions: ['robot'], order });
  const own = edits.filter(row => row.channel === '#en.wikipedia');
  same(
    'a segment',
    english.rows,
    [...groups(own, kind)].map(([robot, rows]) => ({ robot, ...measured(rows) })).sort(descending),
  );
  const paged = await edit({ dimensions: ['channel'], order, rowLimit: 3, offset: 2 });
  const channels = [...groups(edits, row => row.channel)]
    .map(([channel, rows]) => ({ channel, ...measured(rows) }))
    .sort(descending);
  same('a page', paged.rows, channels.slice(2, 5));
}

async function times() {
  const dateRange = ['2015-09-12', '2015-09-12'];
  for (const [granularity, ms] of [
    ['second', 1000],
    ['minute', 60_000],
    ['hour', HOUR],
    ['day', DAY],
  ]) {
    const found = await edit({
      timeDimensions: [{ dimension: 'Edits.time', granularity, dateRange }],
      order: [{ id: 'Edits.time', desc: false }],
    });
    const name = `time_${granularity}`;
    const wanted = [...groups(edits, row => floor(row.__time, ms).getTime())]
      .sort((a, b) => a[0] - b[0])
      .map(([time, rows]) => ({ [name]: time, ...measured(rows) }));
    same(
      `by ${granularity}`,
      found.rows.map(row => ({ ...row, [name]: Date.parse(row[name]) })),
      wanted,
    );
    same(`type by ${granularity}`, found.types[name], 'timestamp');
  }
  for (const [granularity, start] of [
    ['week', '2015-09-07'],
    ['month', '2015-09-01'],
    ['quarter', '2015-07-01'],
    ['year', '2015-01-01'],
  ]) {
    const found = await edit({ timeDimensions: [{ dimension: 'Edits.time', granularity, dateRange }] });
    same(
      `by ${granularity}`,
      found.rows.map(row => ({ ...row, [`time_${granularity}`]: Date.parse(row[`time_${granularity}`]) })),
      [{ [`time_${granularity}`]: Date.parse(start), ...measured(edits) }],
    );
  }
  const part = await edit({
    timeDimensions: [{ dimension: 'Edits.time', dateRange: ['2015-09-12T03:00:00.000', '2015-09-12T05:59:59.999'] }],
  });
  same('a range of time', part.rows, [
    measured(
      edits.filter(row => {
        const hour = row.__time.getUTCHours();
        return hour >= 3 && hour < 6;
      }),
    ),
  ]);
  const tokyo = await edit({
    timezone: 'Asia/Tokyo',
    timeDimensions: [{ dimension: 'Edits.time', granularity: 'day', dateRange: ['2015-09-12', '2015-09-13'] }],
    order: [{ id: 'Edits.time', desc: false }],
  });
  const days = [...groups(edits, row => floor(row.__time.getTime() + 9 * HOUR, DAY).getTime())].map(([day, rows]) => ({
    time_day: day,
    ...measured(rows),
  }));
  same(
    'days in Tokyo',
    tokyo.rows.map(row => ({ ...row, time_day: Date.parse(row.time_day) })),
    days,
  );
}

async function filters() {
  const text = (member, holds) => row => row[member] !== null && holds(row[member]);
  const lower = part => value => value.toLowerCase().includes(part);
  const cases = [
    ['channel', 'equals', ['#fr.wikipedia'], row => row.channel === '#fr.wikipedia'],
    [
      'channel',
      'equals',
      ['#fr.wikipedia', '#de.wikipedia'],
      row => ['#fr.wikipedia', '#de.wikipedia'].includes(row.channel),
    ],
    ['channel', 'notEquals', ['#en.wikipedia'], row => row.channel !== '#en.wikipedia'],
    ['country', 'notEquals', ['Japan'], row => row.countryName !== 'Japan'],
    ['country', 'set', undefined, row => row.countryName !== null],
    ['country', 'notSet', undefined, row => row.countryName === null],
    ['page', 'contains', ['list'], text('page', lower('list'))],
    ['page', 'contains', ['list', 'user'], text('page', value => lower('list')(value) || lower('user')(value))],
    ['page', 'notContains', ['list'], row => !lower('list')(row.page)],
    ['page', 'startsWith', ['user'], text('page', value => value.toLowerCase().startsWith('user'))],
    ['page', 'endsWith', ['s'], text('page', value => value.toLowerCase().endsWith('s'))],
    ['size', 'gt', ['1000'], row => row.added > 1000],
    ['size', 'gte', ['1000'], row => row.added >= 1000],
    ['size', 'lt', ['10'], row => row.added < 10],
    ['size', 'lte', ['10'], row => row.added <= 10],
    ['size', 'equals', ['36'], row => row.added === 36],
    [
      'time',
      'inDateRange',
      ['2015-09-12T12:00:00.000', '2015-09-12T12:59:59.999'],
      row => row.__time.getUTCHours() === 12,
    ],
    [
      'time',
      'notInDateRange',
      ['2015-09-12T12:00:00.000', '2015-09-12T12:59:59.999'],
      row => row.__time.getUTCHours() !== 12,
    ],
    ['time', 'beforeDate', ['2015-09-12T12:00:00.000'], row => row.__time.getUTCHours() < 12],
    ['time', 'afterDate', ['2015-09-12T11:59:59.999'], row => row.__time.getUTCHours() >= 12],
  ];
  for (const [member, operator, values, holds] of cases) {
    const found = await edit({ filters: [{ member: `Edits.${member}`, operator, values }] });
    same(`${member} ${operator} ${values ?? ''}`, found.rows, [measured(edits.filter(holds))]);
  }
  const either = [
    {
      or: [
        { member: 'Edits.channel', operator: 'equals', values: ['#fr.wikipedia'] },
        {
          and: [
            { member: 'Edits.size', operator: 'gt', values: ['50'] },
            { member: 'Edits.robot', operator: 'equals', values: ['robot'] },
          ],
        },
      ],
    },
  ];
  const some = edits.filter(row => row.channel === '#fr.wikipedia' || (row.added > 50 && row.isRobot === 'true'));
  same('either', (await edit({ filters: either })).rows, [measured(some)]);
  const busy = await edit({
    dimensions: ['channel'],
    filters: [{ member: 'Edits.count', operator: 'gt', values: ['1000'] }],
    order: [{ id: 'Edits.count', desc: true }],
  });
  const wanted = [...groups(edits, row => row.channel)]
    .map(([channel, rows]) => ({ channel, ...measured(rows) }))
    .filter(one => one.count > 1000);
  same('by a measure', busy.rows, wanted.sort(descending));
}

async function journeys() {
  const found = await ask({
    measures: ['Flights.count', 'Flights.miles', 'Flights.delay'],
    dimensions: ['Flights.origin'],
    rowLimit: 6,
    timeDimensions: [{ dimension: 'Flights.time', granularity: 'day', dateRange: ['2001-01-03', '2001-01-05'] }],
    order: [
      { id: 'Flights.count', desc: true },
      { id: 'Flights.miles', desc: true },
    ],
  });
  const some = flights.filter(row => row.__time.getUTCDate() >= 3 && row.__time.getUTCDate() <= 5);
  const wanted = [...groups(some, row => `${row.origin} ${row.__time.getUTCDate()}`).values()].map(rows => ({
    origin: rows[0].origin,
    time_day: floor(rows[0].__time, DAY).getTime(),
    count: rows.length,
    miles: sum(rows, row => row.distance),
    mean: sum(rows, row => row.delay) / rows.length,
  }));
  wanted.sort((a, b) => b.count - a.count || b.miles - a.miles);
  // The mean of integers is one in SQL, as in Druid.
  const near = found.rows.map((row, i) => ({
    origin: row.origin,
    time_day: Date.parse(row.time_day),
    count: row.count,
    miles: row.miles,
    mean: Math.abs(row.delay - wanted[i].mean) < 1 ? wanted[i].mean : row.delay,
  }));
  same('flights a day and airport', near, wanted.slice(0, 6));
}

async function catalogue() {
  await driver.testConnection();
  const types = raw =>
    Object.fromEntries(
      Object.entries(raw).map(([name, value]) => [
        name,
        name === '__time' ? 'TIMESTAMP' : typeof value === 'number' ? 'BIGINT' : 'VARCHAR',
      ]),
    );
  const { druid } = await driver.tablesSchema();
  const shown = columns => Object.fromEntries(columns.map(one => [one.name, one.type]));
  same(
    'tables',
    { flights: shown(druid.flights), wikipedia: shown(druid.wikipedia) },
    { flights: types(flights[0]), wikipedia: types(edits[0]) },
  );
  same('tables of a schema', (await driver.getTablesQuery('druid')).map(row => row.TABLE_NAME).sort(), [
    'flights',
    'wikipedia',
  ]);
  same(
    'parameters',
    await driver.query('SELECT COUNT(*) AS n FROM wikipedia WHERE channel = ? AND added > ?', ['#it.wikipedia', 5]),
    [{ n: edits.filter(row => row.channel === '#it.wikipedia' && row.added > 5).length }],
  );
  await fails('unknown column', driver.query('SELECT nope FROM wikipedia'), "Column 'nope' not found");
  same('cancel', (await driver.client.cancel('nobody')).status, 202);
}

for (const part of [catalogue, measures, dimensions, times, filters, journeys]) await part();
close('Cube');

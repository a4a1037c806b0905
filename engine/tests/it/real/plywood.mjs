// What do Turnilo's and Pivot's expressions give through plywood, by native queries and by Druid SQL? Every expression is
// also computed by plywood itself over the raw rows, and some by hand.

import {
  DAY,
  HOUR,
  close,
  distinct,
  edits,
  failed,
  fails,
  flights,
  floor,
  groups,
  load,
  same,
  sum,
  url,
} from './raw.mjs';

const { $, Dataset, External, Expression, Set: Members, TimeRange, ply, r } = load('plywood');
const { druidRequesterFactory } = load('plywood-druid-requester');

const requester = druidRequesterFactory({ host: url.replace('http://', ''), timeout: 60_000 });
const external = (engine, source) =>
  External.fromJS(
    { engine, source, timeAttribute: '__time', allowSelectQueries: true, allowEternity: true },
    requester,
  ).introspect();
const contexts = {};
for (const engine of ['druid', 'druidsql']) {
  contexts[engine] = { wiki: await external(engine, 'wikipedia'), flights: await external(engine, 'flights') };
}
const attributes = (rows, more) => [
  { name: '__time', type: 'TIME' },
  ...Object.keys(rows[0])
    .slice(1)
    .map(name => ({ name, type: more.includes(name) ? 'NUMBER' : 'STRING' })),
];
const local = (rows, numbers) => Dataset.fromJS({ attributes: attributes(rows, numbers), data: rows });
contexts.raw = {
  wiki: local(edits, ['added', 'deleted', 'delta']).hide(),
  flights: local(flights, ['distance', 'delay']).hide(),
};

// The rows of an answer, nested splits within them, without the parts of the original rows.
function plain(value) {
  if (value instanceof Dataset) return value.data.map(plain);
  if (value instanceof TimeRange) return [value.start.getTime(), value.end.getTime()];
  if (value?.start !== undefined && value?.end !== undefined) return [value.start, value.end];
  if (value instanceof Members) return value.elements;
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  const shown = Object.entries(value).filter(([name]) => !(name in contexts.raw));
  return Object.fromEntries(shown.map(([name, inner]) => [name, plain(inner)]));
}
const ask = async (engine, expression) => plain(await expression.compute(contexts[engine], { timezone: 'Etc/UTC' }));

// Asked both ways, against plywood's own computation over the raw rows.
async function both(name, text, engines = ['druid', 'druidsql']) {
  const expression = typeof text === 'string' ? Expression.parse(text) : text;
  const wanted = await ask('raw', expression);
  for (const engine of engines) {
    try {
      same(`${engine} ${name}`, await ask(engine, expression), wanted);
    } catch (error) {
      failed(`${engine} ${name}: ${error.message}`);
    }
  }
}
// Asked both ways, against what was computed by hand.
async function byHand(name, text, wanted, engines = ['druid', 'druidsql']) {
  for (const engine of engines) same(`${engine} ${name}`, await ask(engine, Expression.parse(text)), wanted);
}

const wiki = $('wiki');
const when = (start, end) => TimeRange.fromJS({ start: new Date(start), end: new Date(end) });
const edited = wiki.filter($('__time').overlap(when('2015-09-12T00:00Z', '2015-09-13T00:00Z')));

async function totals() {
  await byHand('total', '$wiki.count()', edits.length);
  await byHand(
    'sum',
    '$wiki.sum($added)',
    sum(edits, row => row.added),
  );
  const english = edits.filter(row => row.channel === '#en.wikipedia');
  await byHand(
    'totals',
    `ply().apply("n", $wiki.filter($channel == "#en.wikipedia").count()).apply("least", $wiki.min($delta)).apply("most", $wiki.max($delta))
      .apply("mean", $wiki.filter($channel == "#en.wikipedia").average($added)).apply("late", $wiki.filter($__time >= "2015-09-12T12:00:00Z").count())`,
    [
      {
        n: english.length,
        least: Math.min(...edits.map(row => row.delta)),
        most: Math.max(...edits.map(row => row.delta)),
        mean: sum(english, row => row.added) / english.length,
        late: edits.filter(row => row.__time.getTime() >= Date.parse('2015-09-12T12:00Z')).length,
      },
    ],
  );
  await both(
    'arithmetic',
    `ply().apply("a", $wiki.sum($added) * 2 + 1).apply("b", $wiki.sum($added) / $wiki.count())
    .apply("c", $wiki.sum($added - $deleted)).apply("d", ($wiki.sum($delta) - 7).absolute()).apply("e", $wiki.sum($added) ^ 0.5)`,
  );
  await both('first and last', 'ply().apply("first", $wiki.min($__time)).apply("last", $wiki.max($__time))');
  // As one value plywood leaves the text that SQL gives.
  await byHand('last', '$wiki.max($__time)', edits.at(-1).__time, ['druid']);
  await both('nothing', 'ply().apply("n", $wiki.filter($channel == "none").count())');
}

async function filters() {
  const cases = {
    is: '$channel == "#fr.wikipedia"',
    'is not': '$channel != "#fr.wikipedia"',
    in: '$channel.in(["#fr.wikipedia", "#de.wikipedia", "#none"])',
    'in with null': '$countryName.in(["Italy", null])',
    null: '$cityName.is(null)',
    'not null': '$cityName.isnt(null)',
    'in range': '$added.in(100, 1000)',
    greater: '$added > 1000',
    'at least': '$delta >= 100',
    less: '$delta < -100',
    'at most': '$added <= 0',
    'number in': '$added.in([0, 1, 36])',
    number: '$added == 36',
    'in text range': '$channel > "#d" and $channel <= "#fr.wikipedia"',
    contains: '$page.contains("List")',
    'contains in any case': '$page.contains("list", ignoreCase)',
    match: '$page.match("^[A-C].*[0-9]$")',
    and: '$channel == "#en.wikipedia" and $isRobot == "false" and $added > 10',
    or: '$channel == "#en.wikipedia" or $isRobot == "true"',
    not: 'not($channel == "#en.wikipedia" or $isRobot == "true")',
    'in part': '$channel.substr(1, 2).is("en")',
    'in extract': '$channel.extract("#(..)[.]").in(["en", "ca"])',
    'in lower case': '$user.transformCase(lowerCase).is("emausbot")',
    'in length': '$page.length() > 60',
    'in sum': '$added - $deleted > 500',
    'in fallback': '$cityName.fallback("nowhere") == "nowhere"',
    'in concatenation': '($isNew ++ "/" ++ $isRobot) == "true/false"',
    'time range': '$__time.overlap("2015-09-12T03:00:00Z", "2015-09-12T04:30:00Z")',
    'two time ranges':
      '$__time.overlap("2015-09-12T03:00:00Z", "2015-09-12T04:00:00Z") or $__time.overlap("2015-09-12T05:00:00Z", "2015-09-12T06:00:00Z")',
    'hour of day': '$__time.timePart(HOUR_OF_DAY) == 7',
    'hour of day in Tokyo': '$__time.timePart(HOUR_OF_DAY, "Asia/Tokyo").in([0, 1, 2])',
  };
  let parts = edited.split('$namespace', 'Namespace').apply('all', '$wiki.count()');
  for (const [name, filter] of Object.entries(cases)) {
    const table = wiki.filter(Expression.parse(filter));
    await both(`filter ${name}`, ply().apply('n', table.count()).apply('added', table.sum('$added')));
    parts = parts.apply(name.replaceAll(' ', '_'), table.count());
  }
  await both('all filters as parts', parts.sort('$all', 'descending').limit(8));
}

async function splits() {
  const measured = (split, name) =>
    edited.split(split, name).apply('n', '$wiki.count()').apply('added', '$wiki.sum($added)');
  const top = [...groups(edits, row => row.channel)].map(([channel, rows]) => ({
    channel,
    n: rows.length,
    added: sum(rows, row => row.added),
  }));
  top.sort((a, b) => b.n - a.n);
  await byHand(
    'top channels',
    '$wiki.split($channel, channel).apply(n, $wiki.count()).apply(added, $wiki.sum($added)).sort($n, descending).limit(7)',
    top.slice(0, 7),
  );
  const hours = [...groups(edits, row => floor(row.__time, HOUR).getTime())].map(([hour, rows]) => ({
    hour: [hour, hour + HOUR],
    n: rows.length,
  }));
  await byHand(
    'hours',
    '$wiki.split($__time.timeBucket(PT1H, "Etc/UTC"), hour).apply(n, $wiki.count()).sort($hour, ascending)',
    hours,
  );
  const cases = {
    'top by sum': measured('$channel', 'Channel').sort('$added', 'descending').limit(5),
    'bottom by sum': measured('$channel', 'Channel').sort('$added', 'ascending').limit(3),
    'by name': measured('$channel', 'Channel').sort('$Channel', 'ascending').limit(10),
    'by name descending': measured('$channel', 'Channel').sort('$Channel', 'descending').limit(10),
    'by a ratio': measured('$channel', 'Channel').apply('mean', '$added / $n').sort('$mean', 'descending').limit(5),
    'all by name': measured('$countryName', 'Country').sort('$Country', 'ascending'),
    having: measured('$channel', 'Channel').filter('$n > 500').sort('$n', 'descending').limit(20),
    'having a name': measured('$channel', 'Channel')
      .filter('$n > 500 and $Channel != "#en.wikipedia"')
      .sort('$n', 'descending'),
    'two dimensions': edited
      .split({ Channel: '$channel', Robot: '$isRobot' })
      .apply('n', '$wiki.count()')
      .sort('$n', 'descending')
      .limit(6),
    'time and dimension': edited
      .split({ Hour: '$__time.timeBucket(PT6H)', New: '$isNew' })
      .apply('n', '$wiki.count()')
      .sort('$n', 'descending')
      .limit(20),
    'numbers in buckets': measured('$added.numberBucket(100)', 'Added').sort('$Added', 'ascending').limit(12),
    'a number': measured('$added', 'Added').sort('$n', 'descending').limit(5),
    'parts of text': measured('$channel.substr(1, 2)', 'Language').sort('$n', 'descending').limit(5),
    'extracted text': measured('$channel.extract("^#([a-z]+)[.]wikipedia$")', 'Language')
      .sort('$n', 'descending')
      .limit(5),
    'lower case': measured('$user.transformCase(lowerCase)', 'User').sort('$n', 'descending').limit(5),
    'length of text': measured('$channel.length()', 'Length').sort('$n', 'descending').limit(3),
    fallback: measured('$countryName.fallback("nowhere")', 'Country').sort('$n', 'descending').limit(4),
    concatenation: measured('$isNew ++ "/" ++ $isRobot', 'Kind').sort('$n', 'descending').limit(4),
    'a condition': measured('$channel == "#en.wikipedia"', 'English').sort('$n', 'descending').limit(4),
    'hours of the day': measured('$__time.timePart(HOUR_OF_DAY, "America/New_York")', 'Hour')
      .sort('$n', 'descending')
      .limit(24),
    'minutes of the hour': measured('$__time.timePart(MINUTE_OF_HOUR)', 'Minute')
      .sort('$Minute', 'ascending')
      .limit(60),
    'days in Tokyo': measured('$__time.timeBucket(P1D, "Asia/Tokyo")', 'Day').sort('$Day', 'ascending'),
    'hours backwards': measured('$__time.timeBucket(PT1H)', 'Hour').sort('$Hour', 'descending').limit(3),
    'best hours': measured('$__time.timeBucket(PT1H)', 'Hour').sort('$n', 'descending').limit(3),
    'floored time': measured('$__time.timeFloor(PT3H)', 'Time').sort('$Time', 'ascending'),
    'shifted time': measured('$__time.timeShift(P1D, 1).timeFloor(PT6H)', 'Time').sort('$Time', 'ascending'),
    'compared times': edited
      .split('$channel', 'Channel')
      .apply('before', '$wiki.filter($__time < "2015-09-12T12:00:00Z").count()')
      .apply('after', '$wiki.filter($__time >= "2015-09-12T12:00:00Z").count()')
      .apply('change', '$after - $before')
      .sort('$change', 'descending')
      .limit(4),
    nested: ply()
      .apply('wiki', edited)
      .apply('n', '$wiki.count()')
      .apply(
        'Namespaces',
        wiki
          .split('$namespace', 'Namespace')
          .apply('n', '$wiki.count()')
          .sort('$n', 'descending')
          .limit(2)
          .apply(
            'Channels',
            wiki
              .split('$channel', 'Channel')
              .apply('n', '$wiki.count()')
              .sort('$n', 'descending')
              .limit(3)
              .apply(
                'Hours',
                wiki.split('$__time.timeBucket(PT8H)', 'Hour').apply('n', '$wiki.count()').sort('$Hour', 'ascending'),
              ),
          ),
      ),
  };
  for (const [name, expression] of Object.entries(cases)) await both(name, expression);
  // What follows is not written in SQL by plywood, or rounds towards zero there.
  const native = {
    'numbers in shifted buckets': measured('$delta.numberBucket(500, 30)', 'Delta').sort('$n', 'descending').limit(3),
    'mean of counts': ply()
      .apply('wiki', edited)
      .apply('mean', '$wiki.split($user, User).apply(n, $wiki.count()).average($n)'),
    'mean of hourly sums': edited
      .split('$namespace', 'Namespace')
      .apply('n', '$wiki.count()')
      .apply('mean', '$wiki.split($__time.timeBucket(PT1H), Hour).apply(a, $wiki.sum($added)).average($a)')
      .sort('$n', 'descending')
      .limit(3),
  };
  for (const [name, expression] of Object.entries(native)) await both(name, expression, ['druid']);
}

async function journeys() {
  const table = $('flights').filter($('__time').overlap(when('2001-01-03T00:00Z', '2001-01-12T00:00Z')));
  const days = groups(flights, row => floor(row.__time, DAY).getTime());
  const wanted = [...days].map(([day, rows]) => ({
    day: [day, day + DAY],
    n: rows.length,
    miles: sum(rows, row => row.distance),
    late: rows.filter(row => row.delay > 60).length,
  }));
  await byHand(
    'flights a day',
    `$flights.split($__time.timeBucket(P1D), day).apply(n, $flights.count()).apply(miles, $flights.sum($distance))
    .apply(late, $flights.filter($delay > 60).count()).sort($day, ascending)`,
    wanted,
  );
  const measured = (split, name) =>
    table
      .split(split, name)
      .apply('n', '$flights.count()')
      .apply('miles', '$flights.sum($distance)')
      .apply('delay', '$flights.average($delay)');
  const cases = {
    'busiest airports': measured('$origin', 'Origin').sort('$n', 'descending').limit(10),
    'latest airports': measured('$origin', 'Origin').filter('$n > 2000').sort('$delay', 'descending').limit(5),
    routes: table
      .split({ From: '$origin', To: '$destination' })
      .apply('n', '$flights.count()')
      .apply('longest', '$flights.max($distance)')
      .sort('$n', 'descending')
      .limit(4),
    weekdays: measured('$__time.timePart(DAY_OF_WEEK)', 'Day').sort('$Day', 'ascending'),
    distances: measured('$distance.numberBucket(250)', 'Miles').sort('$Miles', 'ascending').limit(20),
    'airports a day': ply()
      .apply('flights', table)
      .apply(
        'Days',
        $('flights')
          .split('$__time.timeBucket(P1D)', 'Day')
          .apply('n', '$flights.count()')
          .sort('$n', 'descending')
          .limit(3)
          .apply(
            'Airports',
            $('flights')
              .split('$destination', 'To')
              .apply('n', '$flights.count()')
              .apply('least', '$flights.min($delay)')
              .sort('$n', 'descending')
              .limit(2),
          ),
      ),
  };
  for (const [name, expression] of Object.entries(cases)) await both(`flights ${name}`, expression);
}

// Estimates of distinct values are within three per cent.
async function estimates() {
  for (const [table, column, exact] of [
    ['wiki', 'user', distinct(edits, row => row.user)],
    ['flights', 'destination', distinct(flights, row => row.destination)],
  ]) {
    for (const engine of ['druid', 'druidsql']) {
      const found = await ask(engine, Expression.parse(`$${table}.countDistinct($${column})`));
      same(`${engine} distinct ${column}`, Math.abs(found - exact) <= 0.03 * exact ? exact : found, exact);
    }
  }
}

async function rows() {
  const english = edits.filter(row => row.channel === '#en.wikipedia' && row.added > 5000);
  const wanted = english.map(({ __time, page, added, cityName }) => ({ __time, page, added, cityName }));
  const order = (a, b) => a.__time - b.__time || (a.page < b.page ? -1 : 1);
  for (const engine of ['druid', 'druidsql']) {
    const found = await ask(
      engine,
      Expression.parse(
        '$wiki.filter($channel == "#en.wikipedia" and $added > 5000).select(__time, page, added, cityName)',
      ),
    );
    same(`${engine} rows`, found.sort(order), wanted.sort(order));
    const all = await ask(engine, Expression.parse('$wiki.filter($channel == "#en.wikipedia" and $added > 5000)'));
    same(
      `${engine} whole rows`,
      all.sort(order).map(row => ({ ...row })),
      english.sort(order),
    );
  }
  const first = edits
    .filter(row => row.namespace === 'Talk')
    .slice(0, 4)
    .map(({ __time, page }) => ({ __time, page }));
  await byHand(
    'first rows',
    '$wiki.filter($namespace == "Talk").select(__time, page).sort($__time, ascending).limit(4)',
    first,
  );
}

const collect = stream =>
  new Promise((resolve, reject) => {
    const parts = [];
    stream.on('data', part => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => resolve(parts));
  });

async function sources() {
  same(
    'sources',
    [
      ...((await External.getSourceList?.('druid', requester)) ??
        (await load('plywood').DruidExternal.getSourceList(requester))),
    ].sort(),
    ['flights', 'wikipedia'],
  );
  same('version', /^\d+\.\d+\.\d+$/.test(await load('plywood').DruidExternal.getVersion(requester)), true);
  const types = rows =>
    Object.entries(rows[0]).map(([name, value]) => [
      name,
      name === '__time' ? 'TIME' : typeof value === 'number' ? 'NUMBER' : 'STRING',
    ]);
  for (const engine of ['druid', 'druidsql']) {
    for (const [table, raw] of [
      ['wiki', edits],
      ['flights', flights],
    ]) {
      same(
        `${engine} attributes of ${table}`,
        Object.fromEntries(contexts[engine][table].rawAttributes.map(one => [one.name, one.type])),
        Object.fromEntries(types(raw)),
      );
    }
  }
  const span = await collect(requester({ query: { queryType: 'timeBoundary', dataSource: 'flights' } }));
  same(
    'time boundary',
    span.map(one => new Date(one.maxTime ?? one.result?.maxTime)),
    [flights.at(-1).__time],
  );
  await fails('unknown source', external('druid', 'nowhere'), 'No such datasource');
  await fails(
    'unknown column',
    collect(requester({ query: { query: 'SELECT nope FROM wikipedia' } })),
    "Column 'nope' not found",
  );
  await fails('bad query', collect(requester({ query: { queryType: 'topN', dataSource: 'wikipedia' } })), '');
}

await sources();
await totals();
await filters();
await splits();
await journeys();
await estimates();
await rows();
close('plywood');

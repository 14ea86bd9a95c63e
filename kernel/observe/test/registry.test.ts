import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelValueMax, seriesMax } from '../limits.ts';
import { observeProcess } from '../process.ts';
import { Registry } from '../registry.ts';

test('counters, gauges and histograms are written as Prometheus text 0.0.4', () => {
  const registry = new Registry({ process: 'storage' });
  registry.counter('gamut_calls_total', 'Calls by operation.', ['operation']).of('PutObject').add(3);
  registry.gauge('gamut_sessions', 'Sessions open.').of().set(-1.5);
  const waits = registry.histogram('gamut_wait_seconds', 'Waits.', [0.1, 1]).of();
  for (const value of [0.05, 0.1, 0.5, 7]) waits.observe(value);
  assert.equal(
    registry.text(),
    `# HELP gamut_calls_total Calls by operation.
# TYPE gamut_calls_total counter
gamut_calls_total{process="storage",operation="PutObject"} 3
# HELP gamut_sessions Sessions open.
# TYPE gamut_sessions gauge
gamut_sessions{process="storage"} -1.5
# HELP gamut_wait_seconds Waits.
# TYPE gamut_wait_seconds histogram
gamut_wait_seconds_bucket{process="storage",le="0.1"} 2
gamut_wait_seconds_bucket{process="storage",le="1"} 3
gamut_wait_seconds_bucket{process="storage",le="+Inf"} 4
gamut_wait_seconds_sum{process="storage"} 7.65
gamut_wait_seconds_count{process="storage"} 4
`,
  );
});

test('help texts and label values are escaped, and long values cut', () => {
  const registry = new Registry();
  const gauge = registry.gauge('gamut_size', 'A \\ and\na line.', ['name']);
  gauge.of('a"b\\c\nd').set(1);
  gauge.of('x'.repeat(1000)).set(Number.POSITIVE_INFINITY);
  gauge.of('half \ud800').set(Number.NaN);
  const lines = registry.text().split('\n');
  assert.equal(lines[0], '# HELP gamut_size A \\\\ and\\na line.');
  assert.equal(lines[2], 'gamut_size{name="a\\"b\\\\c\\nd"} 1');
  assert.equal(lines[3], `gamut_size{name="${'x'.repeat(labelValueMax)}"} +Inf`);
  assert.equal(lines[4], 'gamut_size{name="half \ufffd"} NaN');
});

test('label combinations over the limit are counted under `other` and the overflow is told', () => {
  const registry = new Registry();
  const calls = registry.counter('gamut_calls_total', 'Calls.', ['name']);
  for (let at = 0; at < seriesMax + 10; at += 1) calls.of(`name${at}`).add();
  assert.equal(calls.of('other').value, 10);
  assert.ok(calls.series.size <= seriesMax + 1);
  assert.match(registry.text(), /gamut_metric_overflow_total\{metric="gamut_calls_total"\} 10\n/);
  calls.of('name1').add(5);
  assert.equal(calls.of('name1').value, 6);
  for (const name of ['name2', 'name3']) calls.remove(name);
  calls.of('fresh').add();
  assert.equal(calls.of('fresh').value, 1);
});

test('a series with several labels is not confused with another whose values join alike', () => {
  const registry = new Registry();
  const gauge = registry.gauge('gamut_pair', 'Pairs.', ['left', 'right']);
  gauge.of('a', 'bc').set(1);
  gauge.of('ab', 'c').set(2);
  gauge.of('a","b', 'c').set(3);
  assert.equal(gauge.of('a', 'bc').value, 1);
  assert.equal(gauge.of('ab', 'c').value, 2);
});

test('wrong declarations and uses are refused as bugs', () => {
  const registry = new Registry();
  registry.counter('gamut_a_total', 'A.');
  assert.throws(() => registry.counter('gamut_a_total', 'A.'), /declared twice/);
  assert.throws(() => registry.counter('gamut_b', 'B.'), /_total/);
  assert.throws(() => registry.gauge('gamut_c_total', 'C.'), /_total/);
  assert.throws(() => registry.gauge('Gamut-d', 'D.'), /snake_case/);
  assert.throws(() => registry.gauge('gamut_e', ''), /help/);
  assert.throws(() => registry.gauge('gamut_f', 'F.', ['le']), /le/);
  assert.throws(() => registry.histogram('gamut_g', 'G.', [2, 1]), /ascend/);
  assert.throws(() => registry.gauge('gamut_h', 'H.', ['x']).of(), /1 labels/);
  assert.throws(() => registry.counter('gamut_i_total', 'I.').of().add(-1), /only grows/);
});

test('the process tells its CPU, memory, open files, heap and loop lag', async () => {
  const registry = new Registry();
  const stop = observeProcess(registry);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const text = registry.text();
  stop();
  const value = (name: string) => Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
  assert.ok(value('process_cpu_seconds_total') > 0);
  assert.ok(value('process_resident_memory_bytes') > 1e6);
  assert.ok(value('process_open_fds') > 2);
  assert.ok(value('process_max_fds') >= value('process_open_fds'));
  assert.ok(value('gamut_heap_bytes{state="used"}') > 1e5);
  assert.ok(value('gamut_event_loop_lag_seconds_count') >= 1);
  assert.ok(Math.abs(value('process_start_time_seconds') - (Date.now() / 1000 - process.uptime())) < 2);
});

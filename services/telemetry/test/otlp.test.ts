import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { until } from '../../../chaos/platform/fixture/until.ts';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';

let house: House;
let bearer: string;
let url: string;

before(async () => {
  // Thirty days, after which what names a person is blanked, are half an hour here.
  house = await openHouse({ services: ['telemetry'], settings: { retentionDayMs: 60_000 } });
  ({ bearer } = await house.credential({ role: 'admin' }));
  url = house.platform.doors['telemetry.otlp']?.url ?? '';
});
after(() => house.stop());

const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2' });
const read = async (path: string, as = bearer) => {
  const answer = await house.call('GET', `/v1/telemetry/${path}`, undefined, { door: 'telemetry.rest', bearer: as });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};
const exporter = (signal: string) => ({ url: `${url}/v1/${signal}`, headers: { authorization: `Bearer ${bearer}` } });

async function traced(spanExporter: SpanExporter, name: string): Promise<string> {
  const provider = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: spanExporter })] });
  const tracer = provider.getTracer('test');
  const root = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: { 'http.status': 502, route: '/cart' } });
  root.addEvent('retry', { attempt: 2 });
  root.setStatus({ code: SpanStatusCode.ERROR, message: 'gateway' });
  root.end();
  await provider.forceFlush();
  await provider.shutdown();
  return root.spanContext().traceId;
}

test('the OpenTelemetry SDK of npm sends spans in protobuf and in JSON, and both are found', async () => {
  for (const [made, name] of [
    [new OTLPTraceExporter(exporter('traces')), 'GET /cart'],
    [new JsonTraces(exporter('traces')), 'GET /basket'],
  ] as const) {
    const trace = await traced(made, name);
    const { items = [] } = await read(`traces?name=${encodeURIComponent(name)}&service=shop&failed=true&attribute=http.status%3D502`);
    assert.equal(items[0]?.trace, trace);
    assert.equal(items[0]?.failed, 1);
    const whole = (await read(`traces/${trace}`)) as unknown as { spans: Record<string, unknown>[] };
    assert.equal(whole.spans.length, 1);
    const [span] = whole.spans;
    assert.deepEqual([span?.name, span?.kind, span?.failed, span?.message], [name, 2, true, 'gateway']);
    assert.deepEqual(span?.attributes, { 'http.status': 502, route: '/cart' });
    assert.deepEqual(
      (span?.events as { name: string; attributes: unknown }[]).map((event) => [event.name, event.attributes]),
      [['retry', { attempt: 2 }]],
    );
  }
});

test('the SDK sends log records, which are searched by text, severity, program, trace and attribute, page by page', async () => {
  const provider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(exporter('logs')) })],
  });
  const logger = provider.getLogger('test');
  for (let order = 0; order < 25; order += 1)
    logger.emit({
      severityNumber: order % 2 ? 9 : 17,
      body: `order ${order} was ${order % 2 ? 'taken' : 'Refused'}`,
      attributes: { order },
    });
  await provider.forceFlush();
  await provider.shutdown();
  const refused = await read('logs?text=REFUSED&severity=17&service=shop&limit=10');
  assert.equal(refused.items?.length, 10);
  const rest = await read(`logs?text=REFUSED&severity=17&service=shop&limit=10&before=${refused.next}`);
  assert.equal(rest.items?.length, 3);
  assert.equal(rest.next, undefined);
  const bodies = new Set([...(refused.items ?? []), ...(rest.items ?? [])].map(({ body }) => body));
  assert.equal(bodies.size, 13);
  const one = await read('logs?attribute=order%3D7');
  assert.deepEqual(
    one.items?.map(({ body, severity, resource: of }) => [body, severity, (of as Record<string, unknown>)['service.version']]),
    [['order 7 was taken', 9, '1.2']],
  );
});

test('the SDK sends counters, gauges and histograms, which are folded over time', async () => {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(exporter('metrics')),
    exportIntervalMillis: 3_600_000,
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('test');
  const orders = meter.createCounter('orders', { unit: '{order}' });
  const wait = meter.createHistogram('wait', { unit: 'ms', advice: { explicitBucketBoundaries: [10, 100, 1000] } });
  const level = meter.createUpDownCounter('level');
  orders.add(3, { shop: 'a' });
  level.add(5);
  for (let each = 0; each < 100; each += 1) wait.record(each < 90 ? 5 : 500);
  await provider.forceFlush();
  orders.add(4, { shop: 'a' });
  orders.add(2, { shop: 'b' });
  level.add(-2);
  for (let each = 0; each < 100; each += 1) wait.record(50);
  await provider.forceFlush();
  await provider.shutdown();
  const names = (await read('metrics?prefix=o')).items;
  assert.deepEqual(
    names?.map(({ metric, kind, unit, series, services }) => [metric, kind, unit, series, services]),
    [['orders', 'counter', '{order}', 2, ['shop']]],
  );
  type Answer = { series: { labels: Record<string, string>; points: { value: number }[] }[] };
  const ask = async (path: string) => ((await read(path)) as unknown as Answer).series;
  const grown = await ask('metrics/orders/query-metric?fold=increase&step=3600000&by=shop&where=shop%3Da');
  assert.equal(grown.length, 1);
  assert.equal(
    grown[0]?.points.reduce((sum, { value }) => sum + value, 0),
    4,
  );
  const last = await ask('metrics/level/query-metric?fold=last&step=3600000');
  assert.equal(last[0]?.points.at(-1)?.value, 3);
  const p50 = await ask('metrics/wait/query-metric?fold=p50&step=3600000');
  assert.ok((p50[0]?.points[0]?.value ?? 0) > 10 && (p50[0]?.points[0]?.value ?? 0) <= 100);
});

const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    body: body as string,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...headers },
  });

test('bad input is refused in the words of OTLP/HTTP, and nothing dies of it', async () => {
  const refusal = async (answer: Response) => [answer.status, ((await answer.json()) as { code: number }).code];
  assert.deepEqual(await refusal(await post('/v1/logs', '{"resourceLogs":7}')), [400, 3]);
  assert.deepEqual(await refusal(await post('/v1/logs', '{"resourceLogs":')), [400, 3]);
  assert.deepEqual(await refusal(await post('/v1/nothing', '{}')), [404, 5]);
  assert.deepEqual(await refusal(await post('/v1/logs', '{}', { authorization: 'Bearer gmt_wrong' })), [401, 16]);
  assert.deepEqual(await refusal(await post('/v1/logs', 'x', { 'content-type': 'text/plain' })), [415, 3]);
  assert.deepEqual(await refusal(await post('/v1/logs', 'no gzip', { 'content-encoding': 'gzip' })), [400, 3]);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32));
  assert.deepEqual(await refusal(await post('/v1/logs', bomb, { 'content-encoding': 'gzip' })), [413, 8]);
  const nested = `${'{"arrayValue":{"values":['.repeat(60)}${']}}'.repeat(60)}`;
  assert.equal((await post('/v1/logs', `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${nested}}]}]}]}`)).status, 400);
  const proto = await post('/v1/traces', Buffer.from([0x0a, 0xff, 0xff, 0x03]), { 'content-type': 'application/x-protobuf' });
  assert.deepEqual([proto.status, proto.headers.get('content-type')], [400, 'application/x-protobuf']);
});

test('records that cannot be stored are counted in the partial success, beside those that are', async () => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = (traceId: string, at = now) => ({
    traceId,
    spanId: '00f067aa0ba902b7',
    name: 'cart',
    startTimeUnixNano: String(at),
    endTimeUnixNano: String(at + 5n),
  });
  const spans = [span('4bf92f3577b34da6a3ce929d0e0e4736'), span('0'.repeat(32)), span('4bf92f3577b34da6a3ce929d0e0e4737', 5n)];
  const answer = await post('/v1/traces', JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
  const told = (await answer.json()) as { partialSuccess?: { rejectedSpans: string } };
  assert.deepEqual([answer.status, told.partialSuccess?.rejectedSpans], [200, '2'], JSON.stringify(told));
  const whole = (await read('traces/4bf92f3577b34da6a3ce929d0e0e4736')) as unknown as { spans: { name: string }[] };
  assert.equal(whole.spans[0]?.name, 'cart');
});

test('nothing of one environment is seen from another', async () => {
  const other = await house.call('POST', '/v1/platform/organizations', { name: 'other' });
  const environments = await house.call('GET', '/v1/platform/environments', undefined, { bearer });
  assert.ok(other.status === 201 && environments.status === 200);
  const test = environments.body.items?.find(({ spec }) => (spec as { kind: string }).kind === 'test');
  const stranger = await house.call('POST', '/v1/platform/credentials', { role: 'admin', environment: test?.name });
  assert.equal(stranger.status, 201, JSON.stringify(stranger.body));
  const found = await read('logs', String(stranger.body.bearer));
  assert.deepEqual(found.items, []);
});

test('a call with traceparent is a span of that trace, and its operation has a rate, errors and latency', async () => {
  const trace = 'af92f3577b34da6a3ce929d0e0e47360';
  const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  await house.call('GET', '/v1/telemetry/retentions', undefined, { door: 'telemetry.rest', bearer, headers });
  for (;;) {
    const answer = await house.call('GET', `/v1/telemetry/traces/${trace}`, undefined, { door: 'telemetry.rest', bearer });
    if (answer.status !== 200) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    const { spans } = answer.body as unknown as { spans: Record<string, unknown>[] };
    assert.deepEqual(
      [spans[0]?.name, spans[0]?.parent, spans[0]?.service],
      ['telemetry.ListRetentions', '00f067aa0ba902b7', 'gamut.telemetry'],
    );
    break;
  }
  const { items = [] } = await read('operations?service=telemetry&operation=ListRetentions');
  assert.equal(
    items.reduce((sum, { count }) => sum + Number(count), 0),
    1,
  );
  assert.ok(Number(items[0]?.p95Ms) > 0);
});

test('how long a signal is kept is changed per environment', async () => {
  const changed = await house.call('PATCH', '/v1/telemetry/retentions/logs', { days: 3 }, { door: 'telemetry.rest', bearer });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.equal(
    (await house.call('PATCH', '/v1/telemetry/retentions/nothing', { days: 3 }, { door: 'telemetry.rest', bearer })).status,
    404,
  );
  const { items = [] } = await read('retentions');
  assert.deepEqual(
    items.find(({ name }) => name === 'logs'),
    { name: 'logs', days: 3 },
  );
});

test('what a log record or a span says of a person is masked for whoever may not see it, and blanked in time', async () => {
  const attributes = [
    { key: 'user.email', value: { stringValue: 'ada@example.org' } },
    { key: 'note', value: { stringValue: 'asked by ada@example.org' } },
    { key: 'order', value: { intValue: '17' } },
  ];
  const body = { stringValue: 'mail to ada@example.org failed' };
  const at = (ago: number) => `${Date.now() - ago}000000`;
  const scope = { name: 'who' };
  const [now, old] = [0, 40 * 60_000].map((ago) => ({
    timeUnixNano: at(ago),
    body,
    attributes: [...attributes, { key: 'ago', value: { intValue: `${ago}` } }],
  }));
  const span = {
    traceId: 'c'.repeat(32),
    spanId: 'd'.repeat(16),
    name: 'who',
    startTimeUnixNano: at(0),
    endTimeUnixNano: at(0),
    attributes,
  };
  const sent: [string, unknown][] = [
    ['logs', { resourceLogs: [{ scopeLogs: [{ scope, logRecords: [now, old] }] }] }],
    ['traces', { resourceSpans: [{ scopeSpans: [{ scope, spans: [span] }] }] }],
  ];
  for (const [signal, message] of sent) {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    assert.equal((await fetch(`${url}/v1/${signal}`, { method: 'POST', headers, body: JSON.stringify(message) })).status, 200);
  }
  const { bearer: reader } = await house.credential({ role: 'reader' });
  const found = async (as: string, ago: number) => {
    const { items = [] } = await read(`logs?from=0&text=mail%20to&attribute=ago%3D${ago}`, as);
    return items[0] as { body: string; attributes: Record<string, unknown> };
  };
  assert.equal((await found(bearer, 0)).attributes['user.email'], 'ada@example.org');
  const masked = { 'user.email': '***', note: 'asked by [email]', order: 17 };
  const seen = await found(reader, 0);
  assert.deepEqual([seen.body, seen.attributes], ['mail to [email] failed', { ...masked, ago: 0 }]);
  const { spans } = (await read(`traces/${'c'.repeat(32)}`, reader)) as unknown as { spans: { attributes: unknown }[] };
  assert.deepEqual(spans[0]?.attributes, masked);
  await until(async () => !('user.email' in (await found(bearer, 40 * 60_000)).attributes), 'the old address blanked');
  assert.deepEqual((await found(bearer, 40 * 60_000)).attributes, { note: 'asked by ada@example.org', order: 17, ago: 40 * 60_000 });
  assert.equal((await found(bearer, 0)).attributes['user.email'], 'ada@example.org');
});

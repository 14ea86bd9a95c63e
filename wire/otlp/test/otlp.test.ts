import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage } from '../decode.ts';
import { encodeMessage } from '../encode.ts';
import { messageOfJson } from '../json.ts';
import { otlpDepthMax } from '../limits.ts';
import { type Message, OtlpError, type Values } from '../message.ts';
import { LogsData, MetricsData, TracesData } from '../schema.ts';

const trace = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          scope: { name: 'test' },
          spans: [
            {
              traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
              spanId: '00f067aa0ba902b7',
              name: 'GET /',
              kind: 2,
              startTimeUnixNano: 1_772_611_200_000_000_001n,
              endTimeUnixNano: 1_772_611_200_000_000_009n,
              attributes: [
                { key: 'n', value: { intValue: -7n } },
                { key: 'x', value: { doubleValue: -0.5 } },
                { key: 'b', value: { boolValue: true } },
                { key: 'l', value: { arrayValue: { values: [{ stringValue: 'a' }, { bytesValue: Buffer.from([0, 255]) }] } } },
              ],
              status: { message: 'ö', code: 2 },
              flags: 1,
            },
          ],
        },
      ],
    },
  ],
};

test('a message is the same after protobuf and after JSON', () => {
  assert.deepEqual(decodeMessage(TracesData, encodeMessage(TracesData, trace)), trace);
  const json = JSON.parse(
    JSON.stringify(trace, (_name, value: unknown) =>
      typeof value === 'bigint'
        ? value.toString()
        : (value as { type?: string } | null)?.type === 'Buffer'
          ? Buffer.from((value as { data: number[] }).data).toString('base64')
          : value,
    ),
  );
  assert.deepEqual(messageOfJson(TracesData, json), trace);
});

test('every shorter part of a message is read or refused as one, and never anything else', () => {
  const bytes = encodeMessage(TracesData, trace);
  for (let size = 0; size < bytes.length; size += 1) {
    try {
      decodeMessage(TracesData, bytes.subarray(0, size));
    } catch (error) {
      assert.ok(error instanceof OtlpError, String(error));
    }
  }
});

test('arbitrary bytes and JSON are read or refused', () => {
  const orRefused = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof OtlpError, String(error));
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.jsonValue(), (bytes, json) => {
      for (const message of [TracesData, MetricsData, LogsData]) {
        orRefused(() => decodeMessage(message, Buffer.from(bytes)));
        orRefused(() => messageOfJson(message, json));
        orRefused(() => messageOfJson(message, { resourceMetrics: json, resourceLogs: [json], resourceSpans: [{ scopeSpans: [json] }] }));
      }
    }),
    { numRuns: 300 },
  );
});

test('numbers at the edges of their types come back, packed lists as well', () => {
  const points = [
    { timeUnixNano: 2n ** 64n - 1n, count: 3n, sum: Number.POSITIVE_INFINITY, bucketCounts: [0n, 2n ** 63n], explicitBounds: [-0.1] },
  ];
  const exponential = [
    {
      count: 1n,
      scale: -10,
      zeroCount: 0n,
      positive: { offset: -2_147_483_648, bucketCounts: [1n] },
      negative: { offset: 5, bucketCounts: [] },
    },
  ];
  const metric = {
    name: 'm',
    histogram: { dataPoints: points, aggregationTemporality: 2 },
    exponentialHistogram: { dataPoints: exponential },
  };
  const metrics = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] };
  const [read] = (decodeMessage(MetricsData, encodeMessage(MetricsData, metrics)) as typeof metrics).resourceMetrics;
  assert.deepEqual(read?.scopeMetrics[0]?.metrics[0]?.histogram.dataPoints, points);
  assert.equal(read?.scopeMetrics[0]?.metrics[0]?.exponentialHistogram.dataPoints[0]?.positive.offset, -2_147_483_648);
});

test('a message that is nested too deeply is refused in both forms', () => {
  let value: Values = { stringValue: 'deep' };
  for (let level = 0; level < otlpDepthMax; level += 1) value = { arrayValue: { values: [value] } };
  const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: value }] }] }] };
  const message: Message = LogsData;
  assert.throws(() => decodeMessage(message, encodeMessage(message, logs)), OtlpError);
  assert.throws(() => messageOfJson(message, logs), OtlpError);
});

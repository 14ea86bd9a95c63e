import type { TSchema } from 'typebox';
import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { sealErrors } from './error.ts';
import { closed, customerKey, Key } from './field.ts';
import { selectExpressionMaxBytes } from './limits.ts';

const optional = Type.Optional;
const named = <S extends TSchema>(schema: S, element: string): S => ({ ...schema, 'x-xml': element });
const shape = <P extends Parameters<typeof Type.Object>[0]>(properties: P) => Type.Object(properties, closed);
// What a value may be is S3 Select's own table of errors, so that it is refused in its words and not by this schema.
const word = Type.String({ maxLength: 64 });
const place = Type.Integer({ minimum: 0 });

const CsvInput = shape({
  fileHeaderInfo: optional(word),
  comments: optional(word),
  quoteEscapeCharacter: optional(word),
  recordDelimiter: optional(word),
  fieldDelimiter: optional(word),
  quoteCharacter: optional(word),
  allowQuotedRecordDelimiter: optional(Type.Boolean()),
});
const CsvOutput = shape({
  quoteFields: optional(word),
  quoteEscapeCharacter: optional(word),
  recordDelimiter: optional(word),
  fieldDelimiter: optional(word),
  quoteCharacter: optional(word),
});

/** The document of a query, in S3's words. */
export const SelectRequest = shape({
  expression: Type.String({ maxLength: selectExpressionMaxBytes * 2 }),
  expressionType: word,
  inputSerialization: shape({
    compressionType: optional(word),
    csv: optional(named(CsvInput, 'CSV')),
    json: optional(named(shape({ type: optional(word) }), 'JSON')),
    parquet: optional(shape({})),
  }),
  outputSerialization: shape({
    csv: optional(named(CsvOutput, 'CSV')),
    json: optional(named(shape({ recordDelimiter: optional(word) }), 'JSON')),
  }),
  requestProgress: optional(shape({ enabled: optional(Type.Boolean()) })),
  scanRange: optional(shape({ start: optional(place), end: optional(place) })),
});

/** Queries of single objects. The reply is an event stream, which only the S3 door speaks. */
export const selectOperations = {
  SelectObjectContent: {
    on: 'Bucket',
    quota: ['requests'],
    repeat: 'natural',
    byResource: true,
    effect: 'read',
    audit: 'window',
    body: 'out',
    text: 'Ask an object of CSV, JSON or Parquet a question in SQL.',
    charge: ['request', 'egress'],
    errors: [
      'NoSuchBucket',
      'NoSuchKey',
      'SseKeyRequired',
      'SseKeyWrong',
      'InvalidObjectState',
      'ObjectDamaged',
      'TooFewShards',
      'SelectRefused',
      'SelectBusy',
      ...sealErrors,
    ],
    input: shape({ key: Key, ...SelectRequest.properties, ...customerKey }),
    output: Type.Object({}),
  },
} as const satisfies Record<string, Operation>;

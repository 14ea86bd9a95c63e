import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { formatKinds } from '../domain/format.ts';
import { everyMinMs, lookupCacheMaxMs, lookupCacheRowsMax, lookupRetriesMax, spanMaxMs } from '../domain/limits.ts';
import { sinkEnvelopes, sinkFormats } from '../domain/sink.ts';
import { columnsInMax, nameMax, pathMax, startMax, topicNameMax, valueMax, whereMax } from './limits.ts';
import { asked, closed, Column, committed, errors, expose, followed, Name, none, read, Text, within, write } from './part.ts';

const Columns = Type.Array(Column, { minItems: 1, maxItems: columnsInMax, description: 'Columns, which are fields of the values.' });
const topicName = { minLength: 1, maxLength: topicNameMax, pattern: '^[a-zA-Z0-9._-]+$' } as const;
const span = { minimum: 0, maximum: spanMaxMs } as const;
const WatermarkOf = Type.Object(
  {
    column: Name,
    delayMs: Type.Integer({ ...span, description: 'How far before the latest time that was seen rows are on time.' }),
    latenessMs: Type.Integer({ ...span, description: 'How far behind the watermark rows are taken all the same.' }),
    idleMs: Type.Integer({ ...span, minimum: 1, description: 'Pause of a partition behind which it holds the watermark back no more.' }),
    late: Type.Optional(Type.String({ ...topicName, description: 'The topic that gets the records which are too late.' })),
  },
  { ...closed, description: 'How the times of rows go on.' },
);
const FormatOf = Type.Object(
  {
    kind: Type.Enum([...formatKinds], { description: 'What values are: JSON objects, lines of CSV, texts, records by the registry.' }),
    envelope: Type.Optional(Type.Enum(['debezium'], { description: 'Values are changes of rows, as Debezium writes them.' })),
    delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 1, pattern: '^[^"\\r\\n]$', description: 'Between fields of CSV.' })),
    deadLetters: Type.Optional(
      Type.String({ ...topicName, description: 'The topic that gets the records which views could not take, with place and reason.' }),
    ),
    watermark: Type.Optional(WatermarkOf),
    proctime: Type.Optional(Type.String({ ...Name, description: 'What stands for the time at which a row is processed; no column.' })),
    none: Type.Optional(Type.String({ maxLength: nameMax, description: 'What stands for NULL in CSV; nothing, if not said.' })),
  },
  { ...closed, description: 'How values of the topic are read; as JSON objects, if not said.' },
);
const Topic = Type.String({ ...topicName, description: 'The topic that is read.' });

const LookupOf = Type.Object(
  {
    cacheRows: Type.Optional(
      Type.Integer({ minimum: 0, maximum: lookupCacheRowsMax, description: 'Most rows that are kept for the next time.' }),
    ),
    cacheMs: Type.Optional(Type.Integer({ minimum: 0, maximum: lookupCacheMaxMs, description: 'For how long they are kept.' })),
    retries: Type.Optional(
      Type.Integer({ minimum: 0, maximum: lookupRetriesMax, description: 'How often it is asked again where the server was lost.' }),
    ),
  },
  { ...closed, description: 'The table is not followed, but asked for rows by their values when a view needs them.' },
);
const OriginOf = Type.Object(
  {
    lookup: Type.Optional(LookupOf),
    connection: Type.String({ ...Name, description: 'The connection over which rows come.' }),
    table: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2 * nameMax + 1, description: 'The table in PostgreSQL whose rows and changes come.' }),
    ),
    path: Type.Optional(Type.String({ maxLength: pathMax, description: 'What the names of files begin with whose lines come.' })),
    parquet: Type.Optional(Type.Literal(true, { description: 'Files are of Parquet: each row is a record in JSON.' })),
    header: Type.Optional(Type.Boolean({ description: 'Whether the first line of each file names columns.' })),
    everyMs: Type.Optional(Type.Integer({ ...span, minimum: everyMinMs, description: 'Pause between two looks for new files.' })),
    publication: Type.Optional(
      Type.String({ minLength: 1, maxLength: nameMax, description: 'Its publication there; one is made, if not said.' }),
    ),
  },
  { ...closed, description: 'Where rows come from, where that is no topic that others write.' },
);

const DecodedOf = Type.Object(
  { records: Type.Integer(), fields: Type.Integer({ description: 'Columns that were read of them.' }) },
  { ...closed, description: 'Records that the service decoded for views since it began: once for all that read them together.' },
);
const Source = Type.Object({
  ...{ name: Type.String(), topic: Type.String(), columns: Type.Array(Column), format: Type.Optional(FormatOf) },
  origin: Type.Optional(OriginOf),
  failure: Type.Optional(Type.String({ description: 'Why its rows do not come over the connection at present.' })),
  decoded: Type.Optional(DecodedOf),
});
const KeptOf = Type.Object(
  {
    memoryRows: Type.Integer({ description: 'Rows and groups in memory.' }),
    diskRows: Type.Integer({ description: 'Rows and groups that are on disk alone, sealed, because memory has no room for them.' }),
    memoryBytes: Type.Integer({ description: 'Bytes of what could be on disk and is in memory, about.' }),
    diskBytes: Type.Integer({ description: 'Bytes on disk.' }),
  },
  { ...closed, description: 'Where it keeps what it remembers; not told until it is loaded.' },
);
const LagOf = Type.Object(
  {
    source: Type.String({ description: 'The source.' }),
    records: Type.Integer({ description: 'Committed records of its topic that were not read yet.' }),
    ageMs: Type.Integer({ description: 'How long ago the oldest of them was written, in milliseconds; 0 where there is none.' }),
  },
  closed,
);
const behind = {
  lag: Type.Array(LagOf, { description: 'How far it is behind its sources; none of a source before that is read.' }),
  sharing: Type.Optional(
    Type.Object(
      {
        workers: Type.Integer({ description: 'Workers that share it.' }),
        ringBytes: Type.Integer({ description: 'Bytes that wait in the rings through which these hand rows to each other, of all views.' }),
        ringMaxBytes: Type.Integer({ description: 'Most bytes that these rings have room for.' }),
      },
      { ...closed, description: 'Who shares it, while many records come.' },
    ),
  ),
};
const View = Type.Object({
  name: Type.String(),
  source: Type.String({ description: 'The sources and views that it reads.' }),
  text: Type.String({ description: 'The statement that made it.' }),
  columns: Type.Array(Column),
  epoch: Type.String({ description: 'Commits so far.' }),
  groups: Type.String({ description: 'Different rows that it has.' }),
  rejected: Type.String({ description: 'Records that could not be taken.' }),
  rejection: Type.Optional(Type.String({ description: 'Place and reason of the last one that was rejected.' })),
  failure: Type.Optional(Type.String({ description: 'Why it stands still at present.' })),
  shared: Type.Optional(Type.String({ description: 'The view that computes a part of this one, which has its changes of it.' })),
  readers: Type.Optional(Type.Integer({ description: 'Views that have a part of this one.' })),
  kept: Type.Optional(KeptOf),
  ...behind,
});

const OperatorOf = Type.Object({
  lines: Type.Array(Type.String(), { description: 'What it does.' }),
  inputs: Type.Array(Type.Integer(), { description: 'The places of its inputs in this list.' }),
  rows: Type.Optional(Type.Integer({ description: 'Rows that came out of it since the service began; none where it is part of another.' })),
  entries: Type.Optional(Type.Integer({ description: 'Rows and groups that it remembers.' })),
  watermark: Type.Optional(Type.Integer({ description: 'How far its times have come, in milliseconds since 1970.' })),
});

const SinkTarget = Type.Object(
  {
    topic: Type.Optional(
      Type.String({ ...topicName, description: 'The topic that changes are written to; it is made where it is not there.' }),
    ),
    connection: Type.Optional(Type.String({ ...Name, description: 'The connection over which changes go, where that is no topic.' })),
    table: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2 * nameMax + 1, description: 'The table in PostgreSQL, with its schema or without.' }),
    ),
    path: Type.Optional(Type.String({ maxLength: pathMax, description: 'What the names of files begin with.' })),
    format: Type.Enum([...sinkFormats], {
      description: 'JSON, Avro with its schemas in the registry, rows of a table, or files of Parquet.',
    }),
    envelope: Type.Enum([...sinkEnvelopes], { description: 'Rows that only come, the last row of each key, or insertions and deletions.' }),
    key: Type.Array(Name, { maxItems: columnsInMax, description: 'Columns that are the key of records.' }),
  },
  closed,
);
const Sink = Type.Object({
  ...{
    name: Type.String(),
    source: View.properties.source,
    text: Type.String({ description: 'The SELECT whose changes it writes.' }),
    target: SinkTarget,
    failure: Type.Optional(Type.String({ description: 'Why its changes do not get to where they go at present.' })),
  },
  ...{ epoch: View.properties.epoch, rejected: View.properties.rejected, rejection: View.properties.rejection },
  ...behind,
});

/** The operations on sources and views, as the PostgreSQL door and REST reach them. */
export const relationOperations = {
  CreateSource: {
    ...write,
    on: 'Source',
    at: 'new',
    text: 'Make a source over a topic, which is made where it is not there, or of what comes over a connection.',
    input: Type.Object(
      {
        ...{ name: Name, topic: Type.Optional(Topic), columns: Columns, format: Type.Optional(FormatOf) },
        origin: Type.Optional(OriginOf),
        start: Type.Optional(
          Type.String({
            ...{ minLength: 1, maxLength: startMax },
            description: 'Where the topic is begun: earliest, latest, a time, or offsets as 0:100, 1:250; its oldest record, if not said.',
          }),
        ),
        ...within,
      },
      closed,
    ),
    output: Source,
  },
  CommitSource: { ...committed, on: 'Source', text: 'Commit what a transaction did, of which this source was the first.' },
  CommitView: { ...committed, on: 'View', text: 'Commit what a transaction did, of which this view was the first.' },
  CommitSink: { ...committed, on: 'Sink', text: 'Commit what a transaction did, of which this sink was the first.' },
  ListSources: {
    ...read,
    on: 'Source',
    at: 'collection',
    text: 'List sources in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(Source) }),
  },
  DeleteSource: {
    ...write,
    on: 'Source',
    essential: true,
    text: 'Drop a source that no view needs.',
    input: Type.Object(within, closed),
    output: Type.Object({}),
  },
  UpdateSource: {
    ...write,
    on: 'Source',
    text: 'Give a source another name, another column of what its values say by name, or other options.',
    input: Type.Object(
      {
        name: Type.Optional(Name),
        add: Type.Optional(Column),
        idleMs: Type.Optional(WatermarkOf.properties.idleMs),
        late: WatermarkOf.properties.late,
        deadLetters: FormatOf.properties.deadLetters,
      },
      closed,
    ),
    output: none,
  },
  UpdateView: {
    ...write,
    on: 'View',
    text: 'Give a view another name, or let it remember what was for another time.',
    input: Type.Object(
      {
        name: Type.Optional(Name),
        historyMs: Type.Optional(Type.Integer({ ...span, description: 'For how long it remembers what was; 0 for not at all.' })),
      },
      closed,
    ),
    output: none,
  },
  UpdateSink: { ...write, on: 'Sink', text: 'Give a sink another name.', input: Type.Object({ name: Name }, closed), output: none },
  CreateView: {
    ...write,
    on: 'View',
    at: 'new',
    text: 'Make a view that is kept up with its source from the oldest record on.',
    input: Type.Object({ name: Name, text: Text, ...within }, closed),
    output: View,
  },
  ListViews: {
    ...read,
    on: 'View',
    at: 'collection',
    text: 'List views in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(View) }),
  },
  GetView: {
    ...read,
    on: 'View',
    errors,
    text: 'See a view at work: what each operator gave out so far and remembers, its watermark, and the code that was generated.',
    input: none,
    output: Type.Object({ ...View.properties, operators: Type.Array(OperatorOf), code: Type.Array(Type.String()) }),
  },
  UnderstandStatement: {
    ...read,
    on: 'View',
    at: 'collection',
    posted: true,
    errors,
    text: 'Say which operation carries a statement out, of what and with what, and which views its answer changes with.',
    input: Type.Object({ text: Text }, closed),
    output: Type.Object({
      operation: Type.Optional(Type.String({ description: 'None where the lines are the answer.' })),
      name: Type.String(),
      input: Type.Record(Type.String(), Type.Unknown()),
      follows: Type.Array(Type.String(), { description: 'Views that the answer changes with.' }),
      lines: Type.Optional(Type.Array(Type.String(), { description: 'What EXPLAIN answers.' })),
    }),
  },
  DeleteView: {
    ...write,
    on: 'View',
    essential: true,
    text: 'Drop a view and what it keeps.',
    input: Type.Object(within, closed),
    output: Type.Object({}),
  },
  CreateSink: {
    ...write,
    on: 'Sink',
    at: 'new',
    text: 'Write the changes of a SELECT into a topic or over a connection, from the oldest record of its sources on.',
    input: Type.Object({ name: Name, text: Text, target: SinkTarget, ...within }, closed),
    output: Sink,
  },
  ListSinks: {
    ...read,
    on: 'Sink',
    at: 'collection',
    text: 'List sinks in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(Sink) }),
  },
  DeleteSink: {
    ...write,
    on: 'Sink',
    essential: true,
    text: 'Drop a sink; what it wrote stays where it is.',
    input: Type.Object(within, closed),
    output: Type.Object({}),
  },
  ReadSource: { ...read, ...asked, on: 'Source', text: 'Ask a source: a SELECT from it, over all records that its topic has now.' },
  ReadView: {
    ...read,
    ...asked,
    on: 'View',
    text: 'Ask a view: a SELECT from it, as of its last commit. It may name other sources and views too.',
  },
  ScanView: {
    on: 'View',
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    errors,
    body: 'out',
    text: 'Read a view of any size: a SELECT from it alone that shows something of each row, in no order, as of its last commit.',
    input: asked.input,
    output: Type.Object({}),
  },
  SubscribeView: {
    on: 'View',
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    errors,
    body: 'out',
    text: 'Follow a view: its rows, then those that come and go, at once; those that a commit does not bring after all are taken back.',
    input: followed,
    output: Type.Object({}),
  },
  WatchView: {
    on: 'View',
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    expose,
    errors,
    body: 'watch',
    text: 'Follow the commits of a view: an event `begin` with its columns and rows, then `changes`, each line with its diff first.',
    input: Type.Object(
      { from: Type.Optional(Type.String({ maxLength: 40, description: 'The version to go on from, if the view still stands at it.' })) },
      closed,
    ),
    output: Type.Object({}),
  },
  FindRows: {
    ...read,
    on: 'View',
    errors,
    text: 'Find the rows of a view that have some values, as of its last commit.',
    input: Type.Object(
      {
        where: Type.Array(Type.String({ minLength: 2, maxLength: valueMax, description: 'column=value' }), {
          minItems: 1,
          maxItems: whereMax,
          description: 'Values that columns are to have.',
        }),
      },
      closed,
    ),
    output: Type.Object({ epoch: View.properties.epoch, ...asked.output.properties }),
  },
} as const satisfies Readonly<Record<string, Operation>>;

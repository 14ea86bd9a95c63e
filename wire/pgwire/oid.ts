/** The object ids of the built-in types that have a codec here, and of their arrays. */
export const oids = {
  bool: 16,
  char: 18,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  name: 19,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const;

/** Types of rows that users made have even numbers from here on, and arrays of them the odd ones behind. */
export const rowOidsFrom = 1_000_000_000;

/** Array type to element type. */
export const elementOf: ReadonlyMap<number, number> = new Map([
  [1000, oids.bool],
  [1001, oids.bytea],
  [1016, oids.int8],
  [1005, oids.int2],
  [1007, oids.int4],
  [1009, oids.text],
  [1028, oids.oid],
  [199, oids.json],
  [1021, oids.float4],
  [1022, oids.float8],
  [1003, oids.name],
  [1014, oids.bpchar],
  [1015, oids.varchar],
  [1182, oids.date],
  [1183, oids.time],
  [1115, oids.timestamp],
  [1185, oids.timestamptz],
  [1187, oids.interval],
  [1231, oids.numeric],
  [2951, oids.uuid],
  [3807, oids.jsonb],
]);

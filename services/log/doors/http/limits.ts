import { limit } from '#kernel/contract/limit.ts';

export const httpBodyMaxBytes = limit(16 * 1024 * 1024, 'byte', 'Largest body of records that are written over HTTP.');
export const httpRecordsMax = limit(1000, 'record', 'Records that one step of writing or reading over HTTP takes.');
export const followBytes = limit(1024 * 1024, 'byte', 'Bytes of records that a stream of events sends at once.');
export const followPulseMs = limit(15_000, 'ms', 'Silence after which a stream of events sends a sign of life.');
export const followRetryMs = limit(1000, 'ms', 'Time after which a browser connects again to a stream of events.');
export const csvColumnsMax = limit(1000, 'column', 'Columns of a CSV that is written as records.');

import type { Static } from 'typebox';
import type { SelectRequest } from '../../contract/select.ts';
import { SelectRefusal } from './refusal.ts';

type Request = Static<typeof SelectRequest>;

/** How the fields of a CSV are told apart. */
export type CsvForm = {
  readonly fieldDelimiter: string;
  readonly recordDelimiter: string;
  /** '' where fields are not quoted. */
  readonly quote: string;
  readonly escape: string;
};

export type CsvInput = CsvForm & {
  readonly header: 'USE' | 'IGNORE' | 'NONE';
  /** Records that begin so are passed over; '' for none. */
  readonly comment: string;
  /** Whether a quoted field may hold the delimiter of records. */
  readonly spans: boolean;
};

export type SelectInput = { readonly csv: CsvInput } | { readonly json: 'LINES' | 'DOCUMENT' } | { readonly parquet: true };
export type SelectOutput =
  | { readonly csv: CsvForm & { readonly always: boolean } }
  | { readonly json: { readonly recordDelimiter: string } };

/** A query of one object, as it is checked and handed to the process that runs it. */
export type SelectJob = {
  readonly expression: string;
  readonly input: SelectInput;
  readonly compression: 'NONE' | 'GZIP' | 'BZIP2';
  readonly output: SelectOutput;
  readonly progress: boolean;
  /** The bytes in which records begin that are asked, both inclusive. */
  readonly span?: { readonly first: number; readonly last: number };
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly now: number;
};

const refuse = (code: string, text: string): never => {
  throw new SelectRefusal(code, text);
};

/** Checks what a request says beside its expression. `size` is the object's. */
export function jobOf(request: Request, size: number, now: number): SelectJob {
  if (request.expressionType.toUpperCase() !== 'SQL')
    refuse('InvalidExpressionType', 'The ExpressionType is invalid. Only SQL expressions are supported.');
  const compression = (request.inputSerialization.compressionType ?? 'NONE').toUpperCase();
  if (compression !== 'NONE' && compression !== 'GZIP' && compression !== 'BZIP2')
    return refuse('InvalidCompressionFormat', 'The file is not in a supported compression format. Only GZIP and BZIP2 are supported.');
  const input = inputOf(request.inputSerialization);
  if ('parquet' in input && compression !== 'NONE')
    refuse('InvalidCompressionFormat', 'Parquet is compressed within; the whole object cannot be compressed.');
  const span = spanOf(request, size, input, compression);
  return {
    expression: request.expression,
    input,
    compression,
    output: outputOf(request.outputSerialization),
    progress: request.requestProgress?.enabled === true,
    ...(span ? { span } : {}),
    size,
    now,
  };
}

function inputOf({ csv, json, parquet }: Request['inputSerialization']): SelectInput {
  if ([csv, json, parquet].filter((one) => one !== undefined).length !== 1)
    refuse('InvalidDataSource', 'Invalid data source type. Only CSV, JSON, and Parquet are supported, and one of them must be named.');
  if (parquet) return { parquet: true };
  if (json) {
    const type = (json.type ?? '').toUpperCase();
    if (type !== 'LINES' && type !== 'DOCUMENT')
      return refuse('InvalidJsonType', 'The JsonType is invalid. Only DOCUMENT and LINES are supported.');
    return { json: type };
  }
  const header = (csv!.fileHeaderInfo ?? 'NONE').toUpperCase();
  if (header !== 'USE' && header !== 'IGNORE' && header !== 'NONE')
    return refuse('InvalidFileHeaderInfo', 'The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.');
  const comment = csv!.comments ?? '';
  if ([...comment].length > 1) refuse('InvalidRequestParameter', 'Comments begin with a single character.');
  return { csv: { ...formOf(csv!), header, comment, spans: csv!.allowQuotedRecordDelimiter === true } };
}

function outputOf({ csv, json }: Request['outputSerialization']): SelectOutput {
  if ((csv === undefined) === (json === undefined)) refuse('InvalidRequestParameter', 'OutputSerialization must name one of CSV and JSON.');
  if (json) return { json: { recordDelimiter: json.recordDelimiter ?? '\n' } };
  const quoting = (csv!.quoteFields ?? 'ASNEEDED').toUpperCase();
  if (quoting !== 'ALWAYS' && quoting !== 'ASNEEDED')
    refuse('InvalidQuoteFields', 'The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.');
  return { csv: { ...formOf(csv!), always: quoting === 'ALWAYS' } };
}

function formOf(said: NonNullable<Request['outputSerialization']['csv']>): CsvForm {
  const fieldDelimiter = said.fieldDelimiter ?? ',';
  const recordDelimiter = said.recordDelimiter ?? '\n';
  const quote = said.quoteCharacter ?? '"';
  const escape = said.quoteEscapeCharacter ?? quote;
  const isLong = [fieldDelimiter, quote, escape].some((one) => [...one].length > 1) || [...recordDelimiter].length > 2;
  if (isLong || fieldDelimiter === '' || recordDelimiter === '' || fieldDelimiter === recordDelimiter || fieldDelimiter === quote)
    refuse('InvalidRequestParameter', 'Delimiters and quotes of CSV are single characters, and differ from each other.');
  return { fieldDelimiter, recordDelimiter, quote, escape: escape === '' ? quote : escape };
}

/** S3's ranges: from `start` on, from `start` to `end`, or, of an `end` alone, the last bytes. */
function spanOf({ scanRange }: Request, size: number, input: SelectInput, compression: string): SelectJob['span'] {
  if (scanRange?.start === undefined && scanRange?.end === undefined) return undefined;
  const spans = 'csv' in input && input.csv.spans;
  if (compression !== 'NONE' || spans || ('json' in input && input.json === 'DOCUMENT'))
    refuse('UnsupportedScanRangeInput', 'Scan range queries are not supported on this type of object.');
  const { start, end } = scanRange;
  const first = start ?? Math.max(size - (end ?? 0), 0);
  const last = start === undefined ? size - 1 : Math.min(end ?? size - 1, size - 1);
  if ((size > 0 && first >= size) || (end !== undefined && start !== undefined && end < start))
    refuse('InvalidScanRange', 'The range that was specified is not valid.');
  return { first, last };
}

import type { Log, LogLevel } from '#kernel/contract/implement.ts';
import { logLineMaxBytes, logLinesMax } from './limits.ts';
import { redactFields, redactText } from './redact.ts';
import { currentTrace } from './trace.ts';

export type LogOptions = {
  /** The process' name: `storage`. */
  readonly process: string;
  /** The least level that is written. */
  readonly level: LogLevel;
  /** Takes one line with its line feed; standard output if not said. */
  readonly write?: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
};

const order: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * A log of JSON lines: `time`, `level`, `process`, `message`, then the fields. Secrets are hidden by name and by shape,
 * and one entry is always one line, whatever it holds.
 */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const now = options.now ?? Date.now;
  const least = order[options.level];
  let second = 0;
  let lines = 0;
  const emit = (at: number, level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) =>
    write(line({ time: new Date(at).toISOString(), level, process: options.process, message: redactText(message) }, fields));
  return (level, message, fields = {}) => {
    if (order[level] < least) return;
    const at = now();
    if (Math.floor(at / 1000) !== second) {
      if (lines > logLinesMax) emit(at, 'warn', 'log lines were left out', { count: lines - logLinesMax });
      second = Math.floor(at / 1000);
      lines = 0;
    }
    lines += 1;
    const trace = currentTrace();
    const traced = trace ? { trace: trace.traceId, span: trace.spanId, ...fields } : fields;
    if (lines <= logLinesMax) emit(at, level, message, traced);
  };
}

/** The head wins over fields of the same name, which get an underscore. */
function line(head: Readonly<Record<string, string>>, fields: Readonly<Record<string, unknown>>): string {
  const entry: Record<string, unknown> = { ...head };
  for (const [name, value] of Object.entries(redactFields(fields))) entry[Object.hasOwn(head, name) ? `${name}_` : name] = value;
  const text = encode(entry);
  if (Buffer.byteLength(text) <= logLineMaxBytes) return `${text}\n`;
  return `${encode({
    ...head,
    leftOut: Object.keys(fields)
      .slice(0, 8)
      .map(redactText)
      .map((name) => name.slice(0, 64)),
  })}\n`;
}

/** JSON escapes line feeds; the other line separators and terminal control characters are escaped here. */
function encode(entry: Readonly<Record<string, unknown>>): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(entry).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, escaped);
}

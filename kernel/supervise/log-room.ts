import { logTailMax } from './limits.ts';
import { type LogFile, openLog } from './log-file.ts';

/** The logs of all processes of a platform, the supervisor's own included. */
export type LogRoom = {
  output(process: string, chunk: Buffer): void;
  /** The supervisor's own word about a process. */
  tell(process: string, level: 'info' | 'warn' | 'error', text: string): void;
  /** The last lines of a process. */
  tail(process: string): readonly string[];
  close(): Promise<void>;
};

/** `onNotable` gets one short line for every warning and error of any process. */
export function openLogs(directory: string, onNotable: (line: string) => void): LogRoom {
  const logs = new Map<string, { file: LogFile; tail: string[] }>();
  const logOf = (process: string) => {
    let log = logs.get(process);
    if (!log) {
      const tail: string[] = [];
      const file = openLog(directory, process, (line) => {
        tail.push(line);
        if (tail.length > logTailMax) tail.shift();
        const notable = condense(process, line);
        if (notable !== undefined) onNotable(notable);
      });
      log = { file, tail };
      logs.set(process, log);
    }
    return log;
  };
  const output = (process: string, chunk: Buffer): void => logOf(process).file.write(chunk);
  return {
    output,
    tell(process, level, text) {
      const line = { time: new Date().toISOString(), level, process, message: `${process} ${text}` };
      output('supervisor', Buffer.from(`${JSON.stringify(line)}\n`));
    },
    tail: (process) => logs.get(process)?.tail ?? [],
    async close() {
      await Promise.all([...logs.values()].map((log) => log.file.close()));
    },
  };
}

/** A line for the terminal: what a process says of level warn or error, or PostgreSQL before it ends itself. */
export function condense(process: string, line: string): string | undefined {
  const logged = parse(line);
  if (logged && (logged.level === 'warn' || logged.level === 'error')) return `${process} ${sentenceOf(logged)}`;
  return /\bPANIC:/.test(line) ? `${process} ${line}` : undefined;
}

/** A line of a log for people: what it says, without its fields and without a stack. */
export function shorten(line: string): string {
  const logged = parse(line);
  return logged ? sentenceOf(logged) : line;
}

function sentenceOf({ level, message, error }: Record<string, unknown>): string {
  return `${String(level)} ${String(message ?? '')}${typeof error === 'string' ? `: ${error}` : ''}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Something that only looks like JSON, cut at its limit perhaps.
    return undefined;
  }
}

import { join } from 'node:path';
import type { Log } from '../contract/implement.ts';
import { reportAnswerMs, reportMs, reportSpansMax, reportWindowsMax, spansKeptMax } from './limits.ts';
import { type OperationWindow, OperationWindows } from './operation-window.ts';
import type { SpanData } from './trace.ts';
import { request } from '../listen/node-http.ts';

/** A span with whose work it was, and which service did it. */
export type ReportedSpan = SpanData & { readonly tenant: string; readonly scope: string; readonly service: string };

/** What a process says of its work. Sent again until it was taken: storing the same report twice must change nothing. */
export type Report = {
  /** Names the process and its start. */
  readonly reporter: string;
  readonly windows: readonly OperationWindow[];
  readonly spans: readonly ReportedSpan[];
};

export const reportSocket = (run: string): string => join(run, 'telemetry.sock');

/** Collects what a process did and reports it to the service that keeps telemetry, when that is there. */
export class Reporter {
  readonly windows: OperationWindows;
  readonly #spans: ReportedSpan[] = [];
  readonly #service: string;
  readonly #reporter: string;
  readonly #socket: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: { service: string; process: string; run: string; log: Log }) {
    this.#service = options.service;
    this.#reporter = `${options.process}-${Date.now().toString(36)}`;
    this.#socket = reportSocket(options.run);
    this.#log = options.log;
    this.windows = new OperationWindows(options.service);
    this.#timer = setInterval(() => void this.send(), reportMs).unref();
  }

  /** Keeps a span for the next report; the oldest go when nobody takes them. */
  span(place: { tenant: string; scope: string }, span: SpanData): void {
    if (place.scope === '') return;
    if (this.#spans.length >= spansKeptMax) this.#spans.splice(0, spansKeptMax / 4);
    this.#spans.push({ ...span, tenant: place.tenant, scope: place.scope, service: this.#service });
  }

  /** Sends what there is; never rejects. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    await this.send();
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const windows = this.windows.changed(reportWindowsMax);
      const spans = this.#spans.slice(0, reportSpansMax);
      if (windows.length === 0 && spans.length === 0) return;
      if (!(await post(this.#socket, { reporter: this.#reporter, windows, spans }, this.#log))) return;
      this.windows.reported(windows, Date.now());
      this.#spans.splice(0, spans.length);
      if (windows.length < reportWindowsMax && spans.length < reportSpansMax) return;
    }
  }
}

/** Whether the report was taken. Where no telemetry runs, nobody listens, and that is no error. */
function post(socketPath: string, report: Report, log: Log): Promise<boolean> {
  return new Promise((resolve) => {
    const body = Buffer.from(JSON.stringify(report));
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const call = request({ socketPath, method: 'POST', path: '/report', headers, timeout: reportAnswerMs }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 204));
      answer.once('error', () => resolve(false));
    });
    call.once('timeout', () => call.destroy(new Error('late')));
    call.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED') log('warn', 'a report was not taken', { error: error.message });
      resolve(false);
    });
    call.end(body);
  });
}

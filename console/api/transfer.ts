import { useSyncExternalStore } from 'react';
import { uploadsAtOnceMax } from '../limits.ts';
import { addressWith, headersOf, type Sending, send, tellExpired } from './client.ts';
import { asProblem, type Problem, problemFrom } from './problem.ts';

/** One upload or download: how far it is, how fast it goes, and how it ended. It goes on while other pages are shown. */
export type Transfer = {
  readonly id: number;
  readonly kind: 'upload' | 'download';
  readonly title: string;
  /** Where it belongs, so that its page can show it. */
  readonly place: string;
  readonly sizeBytes: number | undefined;
  readonly doneBytes: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
  readonly problem: Problem | undefined;
};

let transfers: readonly Transfer[] = [];
const watchers = new Set<() => void>();
const stops = new Map<number, AbortController>();
const queue: (() => Promise<void>)[] = [];
let running = 0;
let lastId = 0;

function become(next: readonly Transfer[]): void {
  transfers = next;
  for (const watcher of watchers) watcher();
}

function amendTransfer(id: number, change: Partial<Transfer>): void {
  become(transfers.map((each) => (each.id === id ? { ...each, ...change } : each)));
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

export function useTransfers(): readonly Transfer[] {
  return useSyncExternalStore(subscribe, () => transfers);
}

export function stopTransfer(id: number): void {
  stops.get(id)?.abort();
  amendTransfer(id, { state: 'stopped', endedAt: Date.now() });
}

/** Takes those that have ended off the list. */
export function clearTransfers(): void {
  become(transfers.filter((each) => each.state === 'running' || each.state === 'waiting'));
}

type Start = { kind: Transfer['kind']; title: string; place: string; sizeBytes: number | undefined };

function begin(start: Start, work: (id: number, signal: AbortSignal) => Promise<void>): void {
  const id = ++lastId;
  const stop = new AbortController();
  stops.set(id, stop);
  become([...transfers, { ...start, id, doneBytes: 0, startedAt: Date.now(), endedAt: undefined, state: 'waiting', problem: undefined }]);
  queue.push(async () => {
    if (stop.signal.aborted) return;
    amendTransfer(id, { state: 'running', startedAt: Date.now() });
    try {
      await work(id, stop.signal);
      amendTransfer(id, { state: 'done', endedAt: Date.now() });
    } catch (thrown) {
      if (!stop.signal.aborted) amendTransfer(id, { state: 'failed', endedAt: Date.now(), problem: asProblem(thrown) });
    } finally {
      stops.delete(id);
    }
  });
  pump();
}

function pump(): void {
  while (running < uploadsAtOnceMax) {
    const next = queue.shift();
    if (!next) return;
    running++;
    void next().finally(() => {
      running--;
      pump();
    });
  }
}

/** Sends a file as the body of an operation. XMLHttpRequest, because `fetch` tells nothing of bytes sent. */
export function upload(start: { title: string; place: string; sending: Sending; file: Blob; onDone?: () => void }): void {
  const { title, place, sending, file, onDone } = start;
  begin({ kind: 'upload', title, place, sizeBytes: file.size }, async (id, signal) => {
    await put(sending, file, signal, (doneBytes) => amendTransfer(id, { doneBytes }));
    amendTransfer(id, { doneBytes: file.size });
    onDone?.();
  });
}

function put(sending: Sending, file: Blob, signal: AbortSignal, onBytes: (count: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(sending.method, addressWith(sending.path, sending.query));
    const headers = { ...headersOf(sending), 'content-type': 'application/octet-stream' };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', (event) => onBytes(event.loaded));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) return resolve();
      tellExpired(request.status, sending.path);
      return reject(problemFrom(request.status, (name) => request.getResponseHeader(name), request.responseText));
    });
    request.addEventListener('error', () => reject(new TypeError('The upload broke off.')));
    request.addEventListener('abort', () => reject(new TypeError('The upload was stopped.')));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** Reads the bytes of an operation and hands them to the browser as a file. */
export function download(start: { title: string; place: string; sending: Sending; sizeBytes: number | undefined }): void {
  const { title, place, sending, sizeBytes } = start;
  begin({ kind: 'download', title, place, sizeBytes }, async (id, signal) => {
    const reply = await send({ ...sending, signal, headers: { accept: '*/*' } });
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let doneBytes = 0;
    for await (const part of chunks(reply)) {
      parts.push(part);
      doneBytes += part.byteLength;
      amendTransfer(id, { doneBytes });
    }
    save(new Blob(parts, { type: reply.headers.get('content-type') ?? 'application/octet-stream' }), title);
  });
}

/** The bytes of a reply as they come. */
export async function* chunks(reply: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = reply.body?.getReader();
  if (!reader) return;
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** Hands bytes to the browser as a file. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

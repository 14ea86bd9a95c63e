import { useEffect, useRef, useState } from 'react';
import type { Change } from '#kernel/contract/provider.ts';
import { watchRetryMostMs, watchRetryMs } from '../limits.ts';
import type { LiveState } from '../part/live.tsx';
import { type Api, useApi } from './call.ts';
import { Problem } from './problem.ts';

/** One message of an event stream: its name, its id and its text. */
export type StreamMessage = { readonly event: string; readonly id: string | undefined; readonly text: string };

/** Cuts the text of an event stream into messages; what is not whole yet stays in `rest`. Comments give a message without text. */
function cutStream(text: string): { messages: StreamMessage[]; rest: string } {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  return { messages: blocks.map(messageOf), rest };
}

function messageOf(block: string): StreamMessage {
  let event = 'message';
  let id: string | undefined;
  const lines: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'id') id = value;
    else if (field === 'data') lines.push(value);
  }
  return { event, id, text: lines.join('\n') };
}

type Follow = { service: string; operation: string; from: string | undefined; onChange: (change: Change) => void; onLost: () => void };

/**
 * Follows the changes of a collection from a version on, takes a broken stream up again where it stopped, and lists
 * anew by `onLost` when the platform no longer keeps that much history.
 */
export function useWatch(follow: Follow | undefined): LiveState {
  const api = useApi();
  const [state, setState] = useState<LiveState>({ mode: 'lost', heardAt: undefined });
  const latest = useRef(follow);
  latest.current = follow;
  const ready = follow?.from !== undefined;
  const service = follow?.service;
  const operation = follow?.operation;
  useEffect(() => {
    if (!ready || !service || !operation) return undefined;
    const stop = new AbortController();
    const heard = () => setState({ mode: 'live', heardAt: Date.now() });
    void keepFollowing(
      api,
      () => latest.current,
      stop.signal,
      heard,
      () => setState((now) => ({ mode: 'lost', heardAt: now.heardAt ?? Date.now() })),
    );
    return () => stop.abort();
  }, [api, service, operation, ready]);
  return state;
}

async function keepFollowing(
  api: Api,
  follow: () => Follow | undefined,
  signal: AbortSignal,
  heard: () => void,
  lost: () => void,
): Promise<void> {
  let from = follow()?.from;
  let pause = watchRetryMs;
  while (!signal.aborted) {
    const now = follow();
    if (!now) return;
    try {
      const reply = await api.open(now.service, now.operation, '', from === undefined ? {} : { from }, { signal });
      heard();
      pause = watchRetryMs;
      for await (const message of messagesOf(reply)) {
        heard();
        const change = message.text === '' ? undefined : (JSON.parse(message.text) as Change);
        if (!change) continue;
        from = change.version;
        follow()?.onChange(change);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (thrown instanceof Problem && thrown.status === 410) {
        from = undefined;
        now.onLost();
      } else if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500 && thrown.status !== 429) return lost();
    }
    if (signal.aborted) return;
    lost();
    await new Promise((wake) => setTimeout(wake, pause));
    pause = Math.min(pause * 2, watchRetryMostMs);
  }
}

/** The messages of an event stream as they come; a comment is one without text. */
export async function* messagesOf(reply: Response): AsyncGenerator<StreamMessage> {
  if (!reply.body) return;
  let rest = '';
  for await (const piece of decoded(reply.body)) {
    const cut = cutStream(rest + piece);
    rest = cut.rest;
    yield* cut.messages;
  }
}

async function* decoded(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

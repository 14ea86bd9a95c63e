import type { Change } from '#kernel/contract/provider.ts';
import { GamutError } from './error.ts';

/** One message of an event stream. */
export type Message = { readonly event: string; readonly data: string };

/** Cuts a stream of text into the messages of server-sent events. Comments and what is not whole at the end are dropped. */
export async function* messagesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const message = messageOf(block);
      if (message) yield message;
    }
  }
}

function messageOf(block: string): Message | undefined {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([a-z]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field !== undefined) fields[field] = field in fields && field === 'data' ? `${fields[field]}\n${value}` : value;
  }
  return fields.data === undefined ? undefined : { event: fields.event ?? 'message', data: fields.data };
}

/** The changes of a watch. It ends when the platform ends it in peace; a session that ended throws. */
export async function* changesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Change> {
  for await (const { event, data } of messagesOf(whole(body))) {
    if (event !== 'end') {
      yield JSON.parse(data) as Change;
      continue;
    }
    const { reason } = JSON.parse(data) as { reason?: string };
    if (reason === undefined || reason === 'ended') return;
    throw new GamutError(0, {
      code: reason === 'drain' ? 'Draining' : reason === 'limit' ? 'TooMany' : 'Unauthenticated',
      title: `The watch ended: ${reason}.`,
    });
  }
  throw new GamutError(0, { code: 'Unreachable', title: 'The watch was cut off.' });
}

/** A connection that breaks is an operating error, not fetch's TypeError; one that the caller aborts stays as it is. */
async function* whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GamutError(0, { code: 'Unreachable', title: 'The watch was cut off.' }, error);
  }
}

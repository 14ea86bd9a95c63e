import type { HttpResponse } from '#engine/http1/response.ts';
import type { Bytes } from '../contract/session.ts';
import { streamPulseMs, streamRetryMs } from './limits.ts';
import { baseHead } from './problem.ts';
import { untilAborted, written } from './stream.ts';

/**
 * Server-sent events: each piece of `changes` is the JSON of one change. `id` is its version, so that a client that
 * comes back says with Last-Event-ID where to go on; `event` is put, deleted or bookmark. The
 * last event is `end`, with the reason: revoked, ended, drain or limit.
 */
export async function replyEvents(response: HttpResponse, changes: Bytes, requestId: string, signal: AbortSignal): Promise<void> {
  response.writeHead(200, [...baseHead(requestId), 'Content-Type', 'text/event-stream; charset=utf-8', 'X-Accel-Buffering', 'no']);
  response.write(`retry: ${streamRetryMs}\n\n`);
  const pulse = setInterval(() => response.write(':\n\n'), streamPulseMs);
  try {
    for await (const piece of untilAborted(changes, signal)) {
      const text = Buffer.from(piece).toString('utf8');
      const { type, version } = JSON.parse(text) as { type: string; version: string };
      await written(response, `id: ${version}\nevent: ${type}\ndata: ${text}\n\n`, signal);
    }
    if (!response.closed)
      response.end(`event: end\ndata: ${JSON.stringify({ reason: signal.aborted ? String(signal.reason) : 'ended' })}\n\n`);
  } finally {
    clearInterval(pulse);
  }
}

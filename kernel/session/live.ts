import type { EndReason } from '../contract/caller.ts';

/**
 * A call that is running or waiting, and what would end it. Its signal is made for who asks: most calls are over before
 * anybody would listen, and a signal costs more than many of them.
 */
export class LiveCall {
  readonly operation: string;
  readonly name: string;
  /** Where it stands among those of its caller. */
  place = 0;
  /** Whether only the resource's own rules allowed it: the caller's policies are no ground of it. */
  byResource = false;
  readonly #more: { readonly signal?: AbortSignal };
  #controller: AbortController | undefined;
  #ended: EndReason | undefined;
  #stopFollowing: (() => void) | undefined;

  /** `more.signal` is the caller's own, such as of a connection that may close. */
  constructor(operation: string, name: string, more: { readonly signal?: AbortSignal }) {
    this.operation = operation;
    this.name = name;
    this.#more = more;
  }

  /** Aborted when the call must end. */
  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.#ended !== undefined) controller.abort(this.#ended);
    else this.#follow(controller);
    return controller.signal;
  }

  #follow(controller: AbortController): void {
    const { signal } = this.#more;
    if (!signal) return;
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#stopFollowing = () => signal.removeEventListener('abort', abort);
  }

  /** Ends the call, whoever listens or will listen. */
  end(reason: EndReason): void {
    this.#ended ??= reason;
    this.#controller?.abort(reason);
  }

  /** The call is over. */
  release(): void {
    this.#stopFollowing?.();
  }
}

/**
 * The running calls of one caller. No `Set`: V8 keeps what was taken out of one for as long as tables that it outgrew lie in old
 * memory, so that all calls of a busy process would stay until the whole heap is collected.
 */
export class LiveCalls {
  readonly #calls: LiveCall[] = [];

  add(call: LiveCall): void {
    call.place = this.#calls.push(call) - 1;
  }

  delete(call: LiveCall): void {
    if (this.#calls[call.place] !== call) return;
    const last = this.#calls.pop() as LiveCall;
    if (last === call) return;
    this.#calls[call.place] = last;
    last.place = call.place;
  }

  /** Those that run now. */
  all(): readonly LiveCall[] {
    return [...this.#calls];
  }
}

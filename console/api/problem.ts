/** What the platform answers when it refuses: RFC 9457 with the table's code, where in the input, and the request's id. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  /** A JSON pointer into the input. */
  readonly path: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(told: ProblemText) {
    super(told.detail ?? told.title);
    this.code = told.code;
    this.status = told.status;
    this.title = told.title;
    this.detail = told.detail;
    this.path = told.path;
    this.requestId = told.requestId;
    this.retryAfterSeconds = told.retryAfterSeconds;
  }
}

export type ProblemText = {
  code: string;
  status: number;
  title: string;
  detail?: string | undefined;
  path?: string | undefined;
  requestId?: string | undefined;
  retryAfterSeconds?: number | undefined;
};

/** Reads a refusal; an answer that is not a problem document still gives a sentence. */
export function problemFrom(status: number, headers: (name: string) => string | null, text: string): Problem {
  const told = parsed(text);
  const word = (key: string) => (typeof told[key] === 'string' && told[key] !== '' ? (told[key] as string) : undefined);
  const wait = Number(headers('retry-after') ?? Number.NaN);
  return new Problem({
    code: word('code') ?? `Http${status}`,
    status,
    title: word('title') ?? `The platform answered ${status}.`,
    detail: word('detail'),
    path: word('path'),
    requestId: word('requestId') ?? headers('gamut-request-id') ?? headers('x-request-id') ?? undefined,
    retryAfterSeconds: Number.isFinite(wait) ? wait : undefined,
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Any thrown thing as a problem, so that every page has a sentence to show. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError) {
    return new Problem({
      code: 'Unreachable',
      status: 0,
      title: 'The platform did not answer.',
      detail: 'It may be starting again, or the network may be away.',
    });
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem({ code: 'ConsoleFault', status: 0, title: 'The console failed.', detail: text });
}

/** What a person may try, by code; undefined when the sentence of the problem says it all. */
export function adviceFor(problem: Problem): string | undefined {
  if (problem.code === 'Unreachable') return 'The console tries again by itself. `./gamut status` shows which process is away.';
  if (problem.code === 'StepUp') return 'Prove a second factor; Security in the menu of your name shows those you have.';
  if (problem.status === 401) return 'Sign in again.';
  if (problem.status === 403) return 'Ask an administrator of this organization for a role that allows it.';
  if (problem.status === 404) return 'It may have been deleted. Go back to the list.';
  if (problem.status === 409 || problem.status === 412) return 'Somebody changed it in the meantime. Load it again and repeat your change.';
  if (problem.status === 429)
    return problem.retryAfterSeconds === undefined ? 'Wait a moment and repeat.' : `Repeat in ${problem.retryAfterSeconds} s.`;
  if (problem.status === 507) return 'Free space on the disk of the platform. Reading and deleting go on.';
  if (problem.status >= 500) return 'Repeat; if it stays, the request id finds the reason in the log of the platform.';
  return undefined;
}

/** What a platform says of a refused request: the members of a problem document (RFC 9457). */
export type Problem = { code?: string; title?: string; detail?: string; path?: string; requestId?: string; retryAfterMs?: number };

/**
 * A request that was refused or failed. `code` is a row of the platform's table of errors, or `Unreachable` when no
 * answer came; `path` points to the field that is wrong.
 */
export class GamutError extends Error {
  override readonly name = 'GamutError';
  readonly code: string;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly detail: string | undefined;
  readonly path: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, problem: Problem, cause?: unknown) {
    const sentence = [problem.title, problem.detail].filter(Boolean).join(' ') || `HTTP ${status}`;
    super(problem.path ? `${sentence} (${problem.path})` : sentence, cause === undefined ? undefined : { cause });
    this.code = problem.code ?? 'Unknown';
    this.status = status;
    this.detail = problem.detail;
    this.path = problem.path;
    this.requestId = problem.requestId;
    this.retryAfterMs = problem.retryAfterMs;
  }
}

/** Reads the problem of an answer that is not a success. */
export async function errorOf(response: Response): Promise<GamutError> {
  const text = await response.text().catch(() => '');
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  const known: Problem = {
    code: response.headers.get('gamut-fault') ?? undefined,
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfterMs: Number.isFinite(after) ? after * 1000 : undefined,
  };
  return new GamutError(response.status, { ...known, ...problemIn(text) });
}

function problemIn(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Problem) : {};
  } catch {
    return text.length > 0 && text.length < 200 ? { title: text } : {};
  }
}

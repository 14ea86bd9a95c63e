/** RFC 9110 13.1: what a caller demands of the object's state. Entity tags are without quotes; '*' is any. Times are milliseconds. */
export type Conditions = {
  readonly ifMatch?: readonly string[];
  readonly ifNoneMatch?: readonly string[];
  readonly ifModifiedSince?: number;
  readonly ifUnmodifiedSince?: number;
};

export type State = { readonly etag: string; readonly modifiedAt: number };
export type Verdict = 'go' | 'not-modified' | 'failed';

const matches = (tags: readonly string[], etag: string) => tags.some((tag) => tag === '*' || tag === etag);

/** RFC 9110 13.2.2, the order of evaluation for reads. Times compare in whole seconds, as HTTP dates do. */
export function readVerdict(conditions: Conditions, state: State): Verdict {
  const second = Math.floor(state.modifiedAt / 1000);
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, state.etag)) return 'failed';
  } else if (ifUnmodifiedSince !== undefined && second > Math.floor(ifUnmodifiedSince / 1000)) return 'failed';
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, state.etag) ? 'not-modified' : 'go';
  if (ifModifiedSince !== undefined && second <= Math.floor(ifModifiedSince / 1000)) return 'not-modified';
  return 'go';
}

/** Which of the conditions a refusal is to name. */
export function unmet({ ifMatch, ifNoneMatch, ifUnmodifiedSince }: Conditions, etag: string | undefined): keyof Conditions {
  if (ifMatch !== undefined && (etag === undefined || !matches(ifMatch, etag))) return 'ifMatch';
  if (ifNoneMatch !== undefined && etag !== undefined && matches(ifNoneMatch, etag)) return 'ifNoneMatch';
  return ifUnmodifiedSince !== undefined && ifMatch === undefined ? 'ifUnmodifiedSince' : 'ifModifiedSince';
}

/** Whether the source of a copy may be read; S3 answers every refusal of it alike. */
export function copyVerdict(conditions: Conditions, state: State): boolean {
  return readVerdict(conditions, state) === 'go';
}

/** Whether an object may be given a key where another lies, or none. Who asks whether that was modified asks for one that is there. */
export function placeVerdict(conditions: Conditions, state: State | undefined): 'go' | 'failed' | 'absent' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const verdict = writeVerdict(conditions, state);
  if (verdict !== 'go') return verdict;
  const second = state && Math.floor(state.modifiedAt / 1000);
  if (ifMatch === undefined && ifUnmodifiedSince !== undefined && second !== undefined && second > Math.floor(ifUnmodifiedSince / 1000))
    return 'failed';
  if (ifNoneMatch !== undefined || ifModifiedSince === undefined) return 'go';
  return second !== undefined && second > Math.floor(ifModifiedSince / 1000) ? 'go' : 'failed';
}

/** For writes: whether the object that is there, or is not, lets the write go on; `absent` when one was demanded. */
export function writeVerdict(
  conditions: Pick<Conditions, 'ifMatch' | 'ifNoneMatch'>,
  state: { readonly etag: string } | undefined,
): 'go' | 'failed' | 'absent' {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== undefined) {
    if (!state) return 'absent';
    if (!matches(ifMatch, state.etag)) return 'failed';
  }
  if (ifNoneMatch !== undefined && state && matches(ifNoneMatch, state.etag)) return 'failed';
  return 'go';
}

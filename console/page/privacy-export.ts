import { useState } from 'react';
import { useApi } from '../api/call.ts';
import type { Problem } from '../api/problem.ts';
import { chunks, save } from '../api/transfer.ts';
import { useChange } from '../part/dialog.tsx';

/** What is known of a subject, put into one file of JSON lines. */
export type SubjectExport = {
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  /** How much came so far; undefined before it was asked for. */
  readonly lines: number | undefined;
  readonly sizeBytes: number;
  readonly saved: boolean;
  readonly run: () => Promise<void>;
};

const newline = 10;

export function useSubjectExport(subject: string): SubjectExport {
  const api = useApi();
  const change = useChange();
  const [state, setState] = useState<{ subject: string; lines: number; sizeBytes: number; saved: boolean }>();
  const run = () =>
    change.run(async () => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let [lines, sizeBytes] = [0, 0];
      const tell = (saved: boolean) => setState({ subject, lines, sizeBytes, saved });
      for await (const part of chunks(await api.open('platform', 'ExportDataSubject', '', { subject }))) {
        parts.push(part);
        sizeBytes += part.byteLength;
        lines += part.reduce((count, byte) => (byte === newline ? count + 1 : count), 0);
        tell(false);
      }
      save(new Blob(parts, { type: 'application/x-ndjson' }), `subject-${subject}.jsonl`);
      tell(true);
    });
  const shown = state?.subject === subject ? state : undefined;
  return {
    busy: change.busy,
    problem: change.problem,
    run,
    lines: shown?.lines,
    sizeBytes: shown?.sizeBytes ?? 0,
    saved: shown?.saved ?? false,
  };
}

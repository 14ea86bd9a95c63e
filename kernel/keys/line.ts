/** Cuts a byte stream into lines of bounded length; `overflow` is called once for a longer one, and reading stops. */
export function lineReader(limitBytes: number, onLine: (line: string) => void, overflow: () => void): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  let held = 0;
  let stopped = false;
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0 && !stopped; at = chunk.indexOf(10, from)) {
      rest.push(chunk.subarray(from, at));
      const line = Buffer.concat(rest).toString('utf8');
      rest = [];
      held = 0;
      from = at + 1;
      if (line.length > 0) onLine(line);
    }
    if (stopped || from >= chunk.length) return;
    rest.push(chunk.subarray(from));
    held += chunk.length - from;
    if (held <= limitBytes) return;
    stopped = true;
    overflow();
  };
}

import { type Finding, isTest, type Source } from './source.ts';

/** Errors come from the table, schemas from kernel/contract/type.ts; calls to addresses go through kernel/outbound and the seams. */
export function ruleFindings({ path, lines }: Source): Finding[] {
  if (isTest(path) || /^(console|bench|conform|chaos|tidy|cli|sdk)\//.test(path) || /^services\/[^/]+\/console\//.test(path)) return [];
  const found: Finding[] = [];
  lines.forEach((line, index) => {
    const at = (reason: string) => found.push({ path, line: index + 1, reason });
    if (/\bthrow new Error\(/.test(line)) at('throws an error that is not from the table');
    if (/(?<![.\w])fetch\(/.test(line)) at('calls an address by fetch');
    if (/^import (?!type ).* from 'typebox'/.test(line)) at('loads TypeBox; kernel/contract/type.ts has its constructors');
    if (/^import (?!type ).* from 'node:http'/.test(line)) at('loads a fetch as well; kernel/listen/node-http.ts has its functions');
    if (/from 'node:https'/.test(line) && !/^(?:kernel\/outbound|seams)\//.test(path))
      at('calls addresses other than through kernel/outbound or a seam');
  });
  return found;
}

import { importsOf } from './layer.ts';
import { type Finding, isGenerated, isTest, type Source } from './source.ts';

/** Files that something else than an import begins: commands, processes, tests, pages, benchmarks. */
const entry = new RegExp(
  [
    /(^|\/)(main|service|bench|run|page|vite\.config|build)\.tsx?$/,
    /\.(main|part|d)\.ts$/,
    /^(cli|sdk|conform|chaos)\//,
    /^console\/(app|main)\.tsx$/,
    /guard\.ts$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** Files that nothing imports, and values that are exported and named nowhere else. */
export function reachFindings(all: readonly Source[]): Finding[] {
  const imported = new Set(all.flatMap((source) => importsOf(source)));
  const words = new Map<string, Set<string>>();
  for (const { path, text } of all)
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) words.set(word, (words.get(word) ?? new Set()).add(path));
  return all.flatMap((source): Finding[] => {
    const { path, text } = source;
    if (isTest(path) || isGenerated(source)) return [];
    const dead = !imported.has(path) && !entry.test(path) ? [{ path, reason: 'is imported by nothing' }] : [];
    if (entry.test(path) || path.endsWith('limits.ts')) return dead;
    const exported = [...text.matchAll(/^export (?:async )?(?:const|function\*?|class) ([A-Za-z_$][\w$]*)/gm)].map(
      (match) => match[1] ?? '',
    );
    return [
      ...dead,
      ...exported
        .filter((name) => (words.get(name)?.size ?? 0) < 2)
        .map((name) => ({ path, reason: `exports ${name}, which nothing else names` })),
    ];
  });
}

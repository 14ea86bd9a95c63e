import { join, normalize, dirname } from 'node:path';
import { type Finding, isTest, type Source } from './source.ts';

/** Layers from below; a file imports from its own layer or from below. */
const layers = ['wire', 'engine', 'seams', 'kernel', 'services', 'cli'] as const;
const above = new Set(['bench', 'conform', 'chaos', 'tidy']);

const importForm = /(?:^|\n)\s*(?:(?:import|export)\b[^;'"]*?from|import)\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** What a file imports: our own files as paths below the repository, packages by name. */
export function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(importForm)].map((match) => {
    const name = match[1] ?? match[2] ?? '';
    if (name.startsWith('#')) return name.slice(1);
    return name.startsWith('.') ? normalize(join(dirname(path), name)) : name;
  });
}

/** Imports that go upward, or from one service to another. */
export function layerFindings(source: Source): Finding[] {
  const { path } = source;
  if (isTest(path)) return [];
  const top = path.split('/')[0] ?? '';
  return importsOf(source).flatMap((imported): Finding[] => {
    const target = imported.split('/')[0] ?? '';
    const refuse = (reason: string): Finding[] => [{ path, reason: `imports ${imported}, ${reason}` }];
    const level = layers.indexOf(target as (typeof layers)[number]);
    if (above.has(target) && !above.has(top) && top !== 'cli') return refuse('which stands above');
    if (level < 0) return [];
    if (top === 'console' || top === 'sdk')
      return consoleMay(imported) ? [] : refuse('and may import contracts, console folders and pure parts of kernel only');
    if (above.has(top)) return [];
    const own = layers.indexOf(top as (typeof layers)[number]);
    if (own >= 0 && level > own) return refuse('which stands in a higher layer');
    if (top === 'services' && target === 'services' && imported.split('/')[1] !== path.split('/')[1]) return refuse('another service');
    return [];
  });
}

function consoleMay(imported: string): boolean {
  return (
    /^kernel\/(contract|derive)\/|\/limits\.ts$/.test(imported) ||
    /^services\/[^/]+\/(service\.ts|contract\/|console\/)/.test(imported) ||
    imported.startsWith('kernel/control/service.ts')
  );
}

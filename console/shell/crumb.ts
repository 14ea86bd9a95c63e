export type Crumb = { readonly text: string; readonly to: string };

/** The parts of an address below its environment, each the resource's own name. `-`, the collection itself, is left out. */
export function crumbsOf(root: string, pathname: string): Crumb[] {
  const rest = pathname.slice(root.length).split('/').filter(Boolean);
  return rest.flatMap((segment, index) => {
    // The platform has no page of its own; its pages stand for it.
    if (segment === '-' || (index === 0 && segment === 'platform')) return [];
    return [{ text: decoded(segment), to: `${root}/${rest.slice(0, index + 1).join('/')}` }];
  });
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { useMay } from '../api/call.ts';
import { revealed } from '../api/reveal.ts';
import { Button } from '../part/button.tsx';

/** Shows what is personal on this page, for whoever may; the next page hides it again. */
export function RevealButton() {
  const may = useMay('platform');
  const isRevealed = revealed.use();
  const { pathname } = useLocation();
  useEffect(() => () => revealed.change(() => false), [pathname]);
  if (!may('RevealPersonal')) return null;
  const label = isRevealed ? 'Hide what is personal' : 'Show what is personal; it is noted in the audit log';
  return (
    <Button look="quiet" icon="eye" label={label} aria-pressed={isRevealed} title={label} onClick={() => revealed.change((now) => !now)} />
  );
}

import { useEffect, useState } from 'react';
import { noticeForMs } from '../limits.ts';
import { Icon } from './icon.tsx';
import { createStore } from './store.ts';
import './notice.css';

type Told = { id: number; text: string };

const told = createStore<readonly Told[]>([]);
let last = 0;

/** Says in a corner that something was done; it goes by itself. */
export function notice(text: string): void {
  const id = ++last;
  told.change((all) => [...all.slice(-2), { id, text }]);
}

export function Notices() {
  const all = told.use();
  return (
    <div className="notices" role="status" aria-live="polite">
      {all.map((each) => (
        <Notice key={each.id} text={each.text} done={() => told.change((rest) => rest.filter(({ id }) => id !== each.id))} />
      ))}
    </div>
  );
}

function Notice({ text, done }: { text: string; done: () => void }) {
  const [leave] = useState(() => done);
  useEffect(() => {
    const timer = setTimeout(leave, noticeForMs);
    return () => clearTimeout(timer);
  }, [leave]);
  return (
    <div className="notice">
      <Icon name="check" />
      {text}
    </div>
  );
}

import { Modal } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useServed } from '../api/contract.ts';
import { type Place, useOrganizations } from '../api/place.ts';
import { paletteRowsMax } from '../limits.ts';
import { Icon } from '../part/icon.tsx';
import { type PaletteEntry, paletteEntries, ranked } from './palette-entry.ts';
import { useFound } from './palette-search.ts';
import './palette.css';

/** Ctrl/Cmd+K: every page, operation and resource by name. */
export function Palette({ place, onClose }: { place: Place; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const known = useServed().value;
  const organizations = useOrganizations();
  const go = useNavigate();
  const fixed = useMemo(() => paletteEntries(place, known, organizations), [place, known, organizations]);
  const found = useFound(place, typed);
  const rows = useMemo(() => [...found, ...ranked(fixed, typed, paletteRowsMax)], [found, fixed, typed]);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }), [chosen]);
  const open = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    onClose();
    void go(entry.to);
  };
  const keys = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && rows.length > 0) {
      event.preventDefault();
      setChosen((now) => (now + step + rows.length) % rows.length);
    }
    if (event.key === 'Enter') open(rows[chosen]);
  };
  return (
    <Modal.Root opened onClose={onClose} size={620} padding={0} yOffset="12vh" transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label="Search and run" className="palette">
        <div className="palette-field">
          <Icon name="search" />
          <input
            data-autofocus
            role="combobox"
            aria-label="Search pages, operations and resources"
            aria-expanded="true"
            aria-controls="palette-rows"
            aria-activedescendant={rows[chosen] ? `palette-${chosen}` : undefined}
            placeholder="A page, an operation, a name…"
            value={typed}
            onKeyDown={keys}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              setChosen(0);
            }}
          />
          <kbd>Esc</kbd>
        </div>
        <ul id="palette-rows" role="listbox" aria-label="Found" ref={list} className="palette-rows">
          {rows.map((entry, index) => (
            <li
              key={entry.key}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === chosen}
              className="palette-row"
              onMouseMove={() => setChosen(index)}
              onClick={() => open(entry)}
            >
              <Icon name={entry.icon} />
              <span className="palette-title">{entry.title}</span>
              <span className="palette-note cut">{entry.note}</span>
              <span className="palette-kind">{entry.kind}</span>
            </li>
          ))}
        </ul>
        {rows.length === 0 && <p className="palette-none dim">Nothing here is called “{typed}”.</p>}
      </Modal.Content>
    </Modal.Root>
  );
}

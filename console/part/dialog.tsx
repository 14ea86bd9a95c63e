import { Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { asProblem, type Problem } from '../api/problem.ts';
import { Button } from './button.tsx';
import { Refusal } from './state.tsx';
import './dialog.css';

/** A sheet above the page. Closing it by Escape or outside gives up. */
export function Dialog({
  title,
  onClose,
  children,
  wide,
}: {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
  wide?: boolean;
}) {
  return (
    <Modal.Root opened onClose={onClose} size={wide ? 680 : 480} centered transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** Runs one change and keeps what went wrong. */
export function useChange(): {
  busy: boolean;
  problem: Problem | undefined;
  run: (work: () => Promise<void>) => Promise<void>;
  clear: () => void;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, run, clear: () => setProblem(undefined) };
}

type Confirm = { title: string; verb: string; children: React.ReactNode; act: () => Promise<void>; onClose: () => void };

/** A step that changes much and can be taken back: it says what will be, and waits for a yes. */
export function ConfirmDialog({ title, verb, children, act, onClose }: Confirm) {
  const change = useChange();
  const go = () =>
    change.run(async () => {
      await act();
      onClose();
    });
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="stack">
        <div className="dim">{children}</div>
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" busy={change.busy} onClick={() => void go()} data-autofocus>
            {verb}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

type Danger = {
  title: string;
  verb: string;
  name: string;
  children: React.ReactNode;
  act: () => Promise<void>;
  onClose: () => void;
  onDone?: () => Promise<void>;
};

/** A step that cannot be taken back: it asks for the name of what it ends. `onDone` leads on instead of closing. */
export function DangerDialog({ title, verb, name, children, act, onClose, onDone }: Danger) {
  const [typed, setTyped] = useState('');
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (typed === name)
      void change.run(async () => {
        await act();
        await (onDone ?? onClose)();
      });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <div className="dim">{children}</div>
        <TextInput
          data-autofocus
          label={
            <>
              Type <span className="mono dialog-name">{name}</span> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" busy={change.busy} disabled={typed !== name}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

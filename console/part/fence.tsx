import { Component } from 'react';
import { asProblem } from '../api/problem.ts';
import { Refusal } from './state.tsx';

type FenceProps = { at: string; children: React.ReactNode };
type FenceState = { thrown: unknown };

/** Keeps a page that fails from taking the shell with it; another address tries anew. React offers this only to classes. */
export class Fence extends Component<FenceProps, FenceState> {
  override state: FenceState = { thrown: undefined };

  static getDerivedStateFromError(thrown: unknown): FenceState {
    return { thrown };
  }

  override componentDidUpdate(before: FenceProps): void {
    if (before.at !== this.props.at && this.state.thrown !== undefined) this.setState({ thrown: undefined });
  }

  override render(): React.ReactNode {
    if (this.state.thrown === undefined) return this.props.children;
    return (
      <div className="page">
        <Refusal problem={asProblem(this.state.thrown)} again={() => this.setState({ thrown: undefined })} />
      </div>
    );
  }
}

// With what the home node's process ends when it is not to be started again: a newer one, perhaps on another machine,
// took over, and would be taken over from in turn.

export const supersededExitCode = 6;

// Package operators holds the contracts of execution: Source, Operator and
// Sink, from which pipelines are built, and Env, what they all share.
//
// # Pipelines
//
// A physical plan is cut into pipelines. Each reads one Source, pushes chunks
// through Operators and ends in a Sink (a pipeline breaker). Workers claim
// morsels of the source; each worker has its own local state in every operator
// and the sink, so the hot path takes no lock. When all morsels are done, every
// worker's sink state is combined, then the sink is finalized once; only then
// do pipelines that depend on it start (a hash join's probe depends on its
// build).
//
// The plan objects (Source, Operator, Sink) are shared by workers; what they
// hold after construction is global state with its own synchronisation.
// Constructors reserve no memory.
//
// # Continuations
//
// An operator that had to put rows aside (a hash join whose build side was
// partly spilled) implements Continuer: once every worker has pushed all of
// the pipeline's input, the executor asks for a Source of what was put aside
// and runs it through the operators behind. A continuation's chunks obey the
// same contracts.
//
// # Order
//
// Every chunk belongs to the batch that Local.Batch names: batches ascend with
// the row order of the source. Operators keep order within a morsel. Ordered
// sinks release a batch once no earlier one is active.
//
// # Ownership, errors, cancellation
//
// A chunk is borrowed until the call it was passed to returns. Errors end the
// query; a cancelled context is noticed between chunks by the executor and, in
// loops that may exceed a millisecond, by the operator.
package operators

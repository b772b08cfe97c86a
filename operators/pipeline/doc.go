// Package pipeline runs pipelines on a bounded set of workers.
//
// Scheduler holds the workers of one database: at most as many goroutines as
// the database has threads, started when there is work and gone when there is
// none, shared by all queries. What they run are tasks.
//
// Execution runs the pipelines of one query in dependency order. A pipeline is
// run by one task per worker; a task claims a morsel, pushes its chunks
// through the operators into the sink, and after a slice of time goes back to
// the end of the scheduler's queue, so that queries share the workers.
//
// A step that returns Blocked parks its task: the task keeps the position in
// the pipeline and every local state, its worker takes another task, and the
// wake function puts it back into the queue.
//
// A task that has no input left waits at a barrier for the others of its pipeline
// (it stands). Whoever waits for memory meanwhile lets it give what it holds: see
// Scheduler.Relieve and package budget.
//
// A pipeline may read several branches, each with a source and operators of its
// own, one after the other (UNION ALL): a tree of steps that ends in one sink.
//
// Batches. The batch number a sink sees is stage<<56 + the source's batch (<<48
// when there are many stages): a pipeline's stages are its source and the
// continuations of its operators in order, branch by branch. Errors are
// deterministic: after an error in batch b, tasks in earlier batches go on, and
// the error of the lowest batch is the query's.
//
// What it does not do: it knows no operator, no plan, no SQL.
package pipeline

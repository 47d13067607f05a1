// Package fakellm is an OpenAI server without a model: an [http.Handler] that
// answers chat completions, Responses, embeddings, legacy completions and the
// models list in the shapes that OpenAI documents, for tests, examples and the
// demo. So it does, in theirs, for Anthropic's messages, Bedrock's Converse and
// invoked models, Cohere's chat, embed and rerank, Google's contents,
// interactions and embeddings, and Ollama's own API. What it answers, ids,
// times and token counts among it, is a function of the request alone. It knows
// nothing of proxies or telemetry, and it checks no key.
//
// Some models are not models but orders. They may also be given in the header
// [OrderHeader], so that the model's name can be a usual one:
//
//	error-400 ... error-503   that status, with OpenAI's error object
//	error-quota               429 with the code insufficient_quota
//	error-html                502 with a page of HTML, as a gateway would
//	error-reset               the connection ends before any response
//	error-cut                 the connection ends in the middle of the response
//	error-stream              a stream that turns into an error half way
//	flaky-N                   500 until the client's N-th retry (X-Stainless-Retry-Count)
//	hang                      nothing more after a stream's first event, until the client leaves
//	refusal                   the model refuses
//	filter                    the content filter ends the answer
//	failed                    a Responses call that ends in status failed
package fakellm

// Package bedrock reads the runtime of Amazon Bedrock: Converse, which has one
// shape for all models, and InvokeModel, which has that of each model's vendor.
// It is tables first (tables.go), so that it can be checked against the API
// references beside them; it does not know who answers, only what the JSON
// means, and neither network nor telemetry.
//
// API references:
//   - Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
//   - ConverseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
//   - InvokeModel: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
//   - InvokeModelWithResponseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
//   - Shapes of the models: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
//   - Nova: https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html
//   - Model and inference profile ids: https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
//   - Guardrails: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-invoke-model.html
//   - Errors: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
package bedrock

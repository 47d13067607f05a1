# The smallest program of Ruby's net/http: clients.rb CASE,CASE.
require 'net/http'
require 'json'

CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello.' }] }.freeze
PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }.freeze
TOOLS = [{ type: 'function', function: { name: 'get_weather', description: 'The weather.', parameters: PARAMETERS } }].freeze
ASK = { role: 'user', content: 'What is the weather in Oslo?' }.freeze
CALL = { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }] }.freeze
RESULT = { role: 'tool', tool_call_id: 'call_1', content: '12 degrees' }.freeze

calls = {
  'chat' => [['chat/completions', CHAT]],
  'stream' => [['chat/completions', CHAT.merge(stream: true)]],
  'tools' => [[ASK], [ASK, CALL, RESULT]].map { |messages| ['chat/completions', CHAT.merge(messages: messages, tools: TOOLS)] },
  'embed' => [['embeddings', { model: 'text-embedding-3-small', input: 'hello' }]]
}
fields = { 'Content-Type' => 'application/json', 'Authorization' => "Bearer #{ENV['OPENAI_API_KEY']}" }
ARGV[0].split(',').flat_map { |what| calls.fetch(what) }.each do |path, body|
  answer = Net::HTTP.post(URI("https://api.openai.com/v1/#{path}"), JSON.generate(body), fields)
  puts answer.code, answer.body
end

# The smallest program of Ruby's net/http: clients.rb CASE,CASE.
require 'net/http'
require 'json'

uri = URI('https://api.openai.com/v1/chat/completions')
ARGV[0].split(',').each do |what|
  body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello.' }] }
  body[:stream] = true if what == 'stream'
  answer = Net::HTTP.post(uri, JSON.generate(body), 'Content-Type' => 'application/json', 'Authorization' => "Bearer #{ENV['OPENAI_API_KEY']}")
  puts answer.code, answer.body
end

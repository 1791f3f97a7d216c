# frozen_string_literal: true

# Mastodon's real class, from a copy that lies where MASTODON_SIGNED_REQUEST says, beside its signature_parser.rb. What it
# asks of the rest of Mastodon is stood in for: accounts, key fetches, domain blocks.

require 'active_support'
require 'active_support/core_ext'
require 'openssl'
require 'logger'
require 'stringio'
require 'strscan'

module Mastodon
  class SignatureVerificationError < StandardError; end
  class MalformedHeaderError < StandardError; end
  class HostValidationError < StandardError; end
  class PrivateNetworkAddressError < StandardError; end
  class UnexpectedResponseError < StandardError; end
end

class HttpSignatureDraft
  REQUEST_TARGET = '(request-target)'
end

path = ENV.fetch('MASTODON_SIGNED_REQUEST')
IS_CONCERN = File.basename(path) == 'signature_verification.rb'

HAS_LINZER =
  begin
    require 'linzer'
    require 'starry'
    true
  rescue LoadError
    false
  end

# 4.3 has no RFC 9421, 4.4 only as an experiment that is off.
module Mastodon
  module Feature
    def self.http_message_signatures_enabled? = false
  end
end
TAKES_RFC9421 = HAS_LINZER && !IS_CONCERN && !File.read(path).include?('http_message_signatures_enabled?')

require File.join(File.dirname(path), 'signature_parser.rb')

module DomainControlHelper
  def domain_not_allowed?(_uri) = false
end

if IS_CONCERN
  module HTTP
    class Error < StandardError; end
  end

  module Webfinger
    class Error < StandardError; end
  end

  module Stoplight
    module Error
      class RedLight < StandardError; end
    end
  end

  def Stoplight(_name) # rubocop:disable Naming/MethodName
    Object.new.tap do |light|
      %i(with_threshold with_cool_off_time with_error_handler).each { |name| light.define_singleton_method(name) { |*| light } }
      light.define_singleton_method(:run) { |&block| block.call }
    end
  end

  class Account; end

  module ActivityPub
    class FetchRemoteActorService
      class Error < StandardError; end
    end

    class FetchRemoteKeyService
      class Error < StandardError; end
    end

    class TagManager
      def self.instance = new
      def local_uri?(_uri) = false
      def uri_to_actor(_uri) = $keypair
    end
  end

  module Rails
    def self.logger = @logger ||= Logger.new($stderr, level: Logger::WARN)
  end
end

require path
